"""What stands at the end of a Parquet file, moved: where its columns lie, by so many bytes more.

Place in the pipeline: under `arrow_write`, which puts pieces into one file; Arrow writes each as if it were at the
beginning.  The notes are a structure in Thrift's compact encoding, without lengths, so it is copied value by value,
and the numbers that are places are changed.  Source: parquet.thrift of apache/parquet-format.
"""

from __future__ import annotations

# Fields on the way to a place: FileMetaData.row_groups[].columns[].meta_data.data_page_offset ...
ROW_GROUPS, FILE_OFFSET, COLUMNS, META_DATA = 4, 5, 1, 3
PLACES = {(ROW_GROUPS, COLUMNS, META_DATA, field) for field in (9, 10, 11)} | {(ROW_GROUPS, FILE_OFFSET)}
TRUE, FALSE = 1, 2  # fields without a value


def moved(notes: bytes, by: int) -> bytes:
    """The notes with all places `by` bytes further on; LookupError or ValueError where they are none."""
    made = _Mover(notes, by)
    made.struct(())
    return bytes(made.out) + notes[made.at :]


class _Mover:
    """Copies values from `data` to `out`; `path` is the fields on the way, those of lists' items without a number."""

    def __init__(self, data: bytes, by: int) -> None:
        self.data, self.by = data, by
        self.at = 0
        self.out = bytearray()

    def copy(self, count: int) -> None:
        if self.at + count > len(self.data):
            raise ValueError("the notes end too early")
        self.out += self.data[self.at : self.at + count]
        self.at += count

    def byte(self) -> int:
        self.copy(1)
        return self.out[-1]

    def number(self) -> int:
        """A number of seven bits a byte, which is not copied."""
        found = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    def put(self, number: int) -> None:
        while number > 127:
            self.out.append(number & 127 | 128)
            number >>= 7
        self.out.append(number)

    def size(self) -> int:
        """A number that is copied."""
        found = self.number()
        self.put(found)
        return found

    def struct(self, path: tuple[int, ...]) -> None:
        field = 0
        while (head := self.byte()) != 0:
            if head >> 4:
                field += head >> 4
            else:
                number = self.size()
                field = number >> 1 ^ -(number & 1)
            if head & 15 not in (TRUE, FALSE):
                self.value(head & 15, (*path, field))

    def value(self, kind: int, path: tuple[int, ...]) -> None:
        match kind:
            case 1 | 2 | 3:  # of a list: a byte
                self.copy(1)
            case 4 | 5 | 6:
                number = self.number()
                self.put(number + 2 * self.by if path in PLACES else number)
            case 7:
                self.copy(8)
            case 8:
                self.copy(self.size())
            case 9 | 10:
                head = self.byte()
                for _ in range(head >> 4 if head < 0xF0 else self.size()):
                    self.value(head & 15, path)
            case 12:
                self.struct(path)
            case _:
                raise ValueError("the notes are malformed")
