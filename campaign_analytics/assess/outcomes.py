"""The words for what comes out: five outcomes of a rule, three verdicts of a subject, three
standings in a quota."""

OUTCOMES = ("pass", "fail", "unknown", "not_applicable", "not_computed")
PASS, FAIL, UNKNOWN, NOT_APPLICABLE, NOT_COMPUTED = range(5)

VERDICTS = ("pre_qualified", "ineligible", "undetermined")
PRE_QUALIFIED, INELIGIBLE, UNDETERMINED = range(3)

STANDINGS = ("admitted", "over_quota", "quota_unknown")
ADMITTED, OVER, OPEN = range(3)
