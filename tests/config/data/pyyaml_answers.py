"""Writes pyyaml_scalars.jsonl and pyyaml_documents.jsonl: what PyYAML's safe_load answers.

Run by hand when a case is added (needs only PyYAML):  python3 pyyaml_answers.py
The tests compare the project's reader with these files and do not need Python.
Types: null, bool, int, float, str, date (a text for us), error (PyYAML refuses it).
"""
import datetime
import json
import pathlib

import yaml

SCALARS = """
~|null|Null|NULL|nUll|none|None|nil
yes|Yes|YES|yES|no|No|NO|nO|on|On|ON|oN|off|Off|OFF|true|True|TRUE|tRUE|false|False|FALSE|y|Y|n|N
0|-0|+0|1|-1|+1|12|12345678901234567890|9223372036854775807|-9223372036854775808|18446744073709551615
00|07|017|08|09|0777|-017|+017|0_7|0_|0_8|0o17|0O17|0x1F|0X1F|0xff|-0xff|0x|0x_f|0xfg|0b101|0B101|0b2|-0b11|0b1_1
1_000|1__000|_1|1_|1_000_000|-1_0|1,000|1 000
1:30|1:30:15|190:20:30|-1:30|+1:30|0:30|1:60|1:5|1:05|01:30|1:300|1::30|12:30:45|59:59|1:30.5|1:30:15.25|-1:30.5|0:30.5|1:60.5|1:30.
1.5|-1.5|+1.5|1.|.5|-.5|+.5|-0.5|0.|0.0|-0.0|00.5|09.5|1_000.5|1.5_5|1_.5|._5|.5_5|.|..|1..2|1.2.3
1e-3|1e3|1E3|1e+3|-1e-3|1.e-3|1.e3|1.0e-3|1.0e3|1.0E3|1.0E-3|1.0e+3|1.5e-05|.5e-3|.5e3|1.0e|1.0e-|1.0e+-3|1_0.0e-3|1e-3.5|-2.5e-10|6.02e+23
1.0e-400|4.9e-324|2.2250738585072014e-308|1.7976931348623157e+308
.inf|.Inf|.INF|.iNf|-.inf|+.inf|+.Inf|inf|-inf|Infinity|infinity|.nan|.NaN|.NAN|-.nan|nan|NaN
2024-01-02|2024-1-2|2001-12-14T21:59:43.10-05:00|2001-12-14 21:59:43|2024-13-01x|20240102|12:30:45 PM
5m|90s|2h30m|10%|50% of last 20|64-78|1-2|--1|+-1|-|+|1e|e1|0.1.2|v1.0|abc|a b|a-b|3.10.1|127.0.0.1:8088
'1'|"1"|'yes'|"null"|''|""|'1e-3'|"1.5"|'it''s'|"a\\tb"|'~'
=|!!str 1|!!str yes|!!int 3|!!int "3"|!!int 0x10|!!float 1|!!float 1e-3|!!float 1.5|!!bool yes|!!null ~|!!str ~|!!int 1.5|!!bool maybe
!!python/name:os.system|!!binary aGk=|!custom 1|!!set {a}
1#2|1 # two|a #b|a#b|* |&|@x|`x|%x|a: b|[a|{a|]|"abc
0.1|1e5|5E-4|0.0001|1.0e5|100|0.9|3e-4|1E-05|1.0E-05|0.5e1|1.0e+1
"""

DOCUMENTS = [
    "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n",
    "a: &x {p: 1}\nb: &y {p: 2, r: 5}\nc: {<<: [*x, *y], s: 1}\n",
    "a: &x {p: 1}\nb: &y {p: 2, r: 5}\nc: {s: 1, <<: [*y, *x]}\n",
    "a: &x {p: 1}\nb: &y {<<: *x, r: 2}\nc:\n  <<: *y\n",
    "b: {<<: {p: 1}, p: 2}\n",
    "b: {p: 2, <<: {p: 1, q: 9}}\n",
    "a: &x [1, 2]\nb: {<<: *x}\n",
    "b: {<<: 3}\n",
    "b: {\"<<\": 3}\n",
    "b: [<<]\n",
    "a: &x 5\nb: *x\nc: [*x, *x]\n",
    "a: |\n  one\n  two\nb: >\n  one\n  two\n\n  three\nc: |-\n  x\nd: |+\n  x\n\ne: 1\n",
    "a: one\n  two\n\n  three\n",
    "a: 'one\n  two'\nb: \"one\\\n  two\"\n",
    "a:\nb: ~\nc: [1, , 2]\n",
    "a:\nb:\n- 1\n-\n- [x, {y: z}]\n",
    "- a\n- - b\n  - c\n-\n  d: e\n",
    "{a: 1, b: [x, y], c: {d: }}\n",
    "{a, b: 1}\n",
    "[a: 1, b]\n",
    "a: {x: 1,}\nb: [1, 2,]\n",
    "---\na: 1\n...\n",
    "%YAML 1.1\n---\na: 1\n",
    "a: 1 # comment\n# another\nb: 2\n",
    "a: http://x/y?z=1#frag\n",
    "\"quoted key\": 1\n'single': 2\n",
    "? a\n: 1\n? b\n",
    "a: 1\r\nb:\r\n  - x\r\n  - |\r\n    t\r\n    u\r\n",
    "a: \"\\u00e9\\x41\\n\\\\\"\n",
    "é: ü\n",
    "a: 1\n---\nb: 2\n",
    "a: [1, 2\nb: 3\n",
    "a: 1\n b: 2\n",
    "a:\n\tb: 1\n",
    "a: [1,\n\t2]\n",
    "a: b: c\n",
    "a: {b: 1\n",
    "a: *nope\n",
    "- 1\nb: 2\n",
    "a: 1\n]\n",
    "a: @x\n",
    "a: \"abc\n",
    "a: 'abc\nb: 1\n",
    "[ , 1]\n",
    "a: 1\nmethod grid\n",
    "a: 1\n\"b\"\n",
    "\"b: c\" : \nd :\n&x e:\n",
    "a: 1\n? b\n",

    "{a: 1, , b: 2}\n",
    "a: [1, 2\n",
    "a: \"x\" y\n",
    "method: bayes\nparameters:\n  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}\n"
    "  n: {values: [16, 32]}\nmetric: {name: loss, goal: minimize}\n",
    "apiVersion: '1.0'\nearly_terminate:\n  eta: 3\n  min_iter: 2\n  type: hyperband\nname: x y\n"
    "parameters:\n  a:\n    values:\n    - 1\n    - 2.5\n    - null\n    - true\n    - text\n"
    "    - - 1\n      - 2\n    - k: v\n",
]


def answer(load):
    try:
        value = load()
    except Exception:  # any refusal
        return {"type": "error", "value": None}
    return typed(value)


def typed(value):
    if value is None:
        return {"type": "null", "value": None}
    if isinstance(value, bool):
        return {"type": "bool", "value": value}
    if isinstance(value, int):
        return {"type": "int", "value": value}
    if isinstance(value, float):
        return {"type": "float", "value": {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(
            repr(value), value)}
    if isinstance(value, datetime.date):
        return {"type": "date", "value": None}
    if isinstance(value, str):
        return {"type": "str", "value": value}
    if isinstance(value, (list, dict)):
        return {"type": "tree", "value": value}
    return {"type": "error", "value": None}  # sets, bytes: types that JSON has not


def main():
    here = pathlib.Path(__file__).parent
    texts = [t for line in SCALARS.strip().splitlines() for t in line.split("|")]
    with open(here / "pyyaml_scalars.jsonl", "w", encoding="utf-8") as out:
        for text in dict.fromkeys(texts):
            row = {"text": text, **answer(lambda: yaml.safe_load("v: " + text + "\n")["v"])}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    with open(here / "pyyaml_documents.jsonl", "w", encoding="utf-8") as out:
        for text in DOCUMENTS:
            row = {"text": text, **answer(lambda: yaml.safe_load(text))}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
