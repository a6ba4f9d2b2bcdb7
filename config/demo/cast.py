"""Who lives in the demonstration: names, roles, plans, batches."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "demo.abhyas"


@dataclass(frozen=True)
class Plan:
    """What a plan grants: exams in a month, and the slug of the marking promise ("" for the institute's default)."""

    slug: str
    exams: int
    promise: str = ""


BASIC = Plan("basic", 5)
MCQ = Plan("mcq", 15)
PREMIUM = Plan("premium", 50, "elapsed-48h")
CENTUM = Plan("centum", 50, "same-day")
# Sold beside a plan; its promise does not wait for a working day.
EXPRESS = "daily-24h"


@dataclass(frozen=True)
class Student:
    """`months` of plan before the present one; `extra_time` in per cent, with large print;
    `express` adds the 24-hour promise."""

    key: str
    name: str
    plan: Plan
    cohort: str
    born: str
    months: int = 1
    extra_time: int = 0
    express: bool = False


@dataclass(frozen=True)
class Teacher:
    """`cap`: open papers at once; `speed`: seconds for one mark; `hours`: from and to on working days."""

    key: str
    name: str
    cohort: str = ""
    verified: bool = True
    cap: int = 20
    speed: int = 45
    hours: tuple[str, str] = ("10:00", "18:00")


@dataclass(frozen=True)
class Guardian:
    """`students`: key and relation of everybody they look after."""

    key: str
    name: str
    students: tuple[tuple[str, str], ...]


STAFF = ("staff", "Kavita Joshi")
COHORTS = ("X A", "X B")

STUDENTS = (
    Student("student", "Meera Nair", PREMIUM, "X A", "2011-03-14", months=6),
    Student("arjun.nair", "Arjun Nair", CENTUM, "X B", "2011-03-14"),
    Student("rohan.gupta", "Rohan Gupta", PREMIUM, "X A", "2010-12-02"),
    Student("zoya.khan", "Zoya Khan", PREMIUM, "X B", "2011-06-21"),
    Student("ishaan.mehta", "Ishaan Mehta", CENTUM, "X A", "2011-01-30"),
    Student("harpreet.kaur", "Harpreet Kaur", CENTUM, "X A", "2011-08-09"),
    Student("lakshmi.iyer", "Lakshmi Iyer", BASIC, "X B", "2010-11-17", extra_time=25),
    Student("tenzin.dorje", "Tenzin Dorje", BASIC, "X A", "2011-02-27", express=True),
    Student("ananya.rao", "Ananya Rao", PREMIUM, "X B", "2011-05-05"),
    Student("farhan.ali", "Farhan Ali", BASIC, "X A", "2011-07-19"),
    Student("diya.patel", "Diya Patel", MCQ, "X A", "2011-04-11"),
    Student("joseph.dsouza", "Joseph D'Souza", MCQ, "X B", "2010-10-24"),
    Student("priya.das", "Priya Das", MCQ, "X B", "2011-09-03"),
    Student("karan.singh", "Karan Singh", MCQ, "X A", "2011-01-08"),
    Student("nandini.reddy", "Nandini Reddy", PREMIUM, "X B", "2011-06-02"),
    Student("sahil.jadhav", "Sahil Jadhav", BASIC, "X B", "2010-12-29"),
)

TEACHERS = (
    Teacher("teacher", "Suresh Rao", "X A"),
    # Part of the week only: two papers fill her desk.
    Teacher("anita.desai", "Anita Desai", "X B", cap=2, speed=50, hours=("14:00", "18:00")),
    Teacher("farida.sheikh", "Farida Sheikh", speed=55),
    Teacher("vikram.sethi", "Vikram Sethi", verified=False),
)
AUTHOR, VERIFIER, ON_LEAVE = "anita.desai", "teacher", "farida.sheikh"

GUARDIANS = (
    Guardian("guardian", "Latha Nair", (("student", "mother"), ("arjun.nair", "mother"))),
    Guardian("sunita.gupta", "Sunita Gupta", (("rohan.gupta", "mother"),)),
    Guardian("imran.khan", "Imran Khan", (("zoya.khan", "father"),)),
    Guardian("hetal.mehta", "Hetal Mehta", (("ishaan.mehta", "mother"),)),
    Guardian("gurpreet.singh", "Gurpreet Singh", (("harpreet.kaur", "father"),)),
    Guardian("maria.dsouza", "Maria D'Souza", (("joseph.dsouza", "mother"),)),
)
# A teacher whose daughter studies here may not mark her papers.
PARENT_AND_TEACHER = ("teacher", "ananya.rao", "father")

BANK_COMMENTS = (
    "Write the formula first, then put the values in.",
    "State the reason for this step.",
    "Units are missing in the answer.",
    "Check this step again: it does not follow from the line above.",
    "Good start. You stopped one step before the answer.",
    "Neat and complete. Well done.",
)


def address(key: str) -> str:
    """The e-mail address of somebody of the demonstration."""
    return f"{key}@{DOMAIN}"
