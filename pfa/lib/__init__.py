"""The function library: one file a PFA namespace, one definition a function (see `pfa.lib.define`)."""
