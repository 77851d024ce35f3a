"""results.py: the sections of bench/RESULTS.md that programs write. Each stands between two marks with the program's name."""
import pathlib

RESULTS = pathlib.Path(__file__).resolve().parent / "RESULTS.md"


def write_section(program, title, text):
    """Replaces what bench/PROGRAM wrote before, or adds a section with the title at the end."""
    begin, end = f"<!-- bench/{program} -->", f"<!-- /bench/{program} -->"
    old = RESULTS.read_text(encoding="utf-8")
    section = f"{begin}\n{text}{end}"
    if begin in old:
        old = old[:old.index(begin)] + section + old[old.index(end) + len(end):]
    else:
        old += f"\n## {title}\n\nWritten by `bench/{program} --write`.\n\n{section}\n"
    RESULTS.write_text(old, encoding="utf-8")
