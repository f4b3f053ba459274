"""Every kernel of the library compiles for a GPU (sm_90), without one: the kernels need nothing that it has not."""

import llvmlite.binding as llvm

from pfa.targets.kernel import front, kernels


def test_all_kernels_compile_for_sm_90():
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("nvptx64-nvidia-cuda").create_target_machine(cpu="sm_90")
    names = sorted(kernels.library())
    parts = [front.translate(kernels.library()[n], kernels.library(), True).text for n in names]
    module = llvm.parse_assembly("\n".join([*parts, front.HEAD]))
    module.triple = "nvptx64-nvidia-cuda"
    module.data_layout = str(machine.target_data)
    ptx = machine.emit_assembly(module)
    assert ".target sm_90" in ptx
    assert [n for n in names if n not in ptx] == []
