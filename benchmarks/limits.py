"""The spring campaign's default limits, by hand, in the units in which columns are held."""

from datetime import UTC, datetime

PICKUP = 0.9
GROWTH = 60.0
EXPERIENCE = 2.0
DISPUTE = 4.0
MOQ = 2
#: campaign price * PRICE[0] <= list price * PRICE[1], in fen
PRICE = (20, 19)
LEVEL = 2  # L2
MEDAL = 1  # A
DEPOSIT = 300_000
POINTS = 36
PROHIBITED = 24
SEVERE_IP = 0
COMPLIANCE = 0
IP_POINTS = 0
FAKE_TRADING_MONTHS = 3
TRUSTPASS_TYPES = ("个人诚信通", "企业诚信通")
NO_TRUSTPASS = "无"
POWERFUL = ("实力商家", "超级工厂")
COURT_APPLIES_TO = ("企业", "个体工商户")
MAY_COST = ("内蒙古", "海南", "西藏", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门", "海外")
# as printed, from 2023-02-23 until 2024-03-06, in Shanghai
ENROL_FROM = int(datetime(2023, 2, 22, 16, tzinfo=UTC).timestamp()) * 1_000_000
ENROL_UNTIL = int(datetime(2024, 3, 5, 16, tzinfo=UTC).timestamp()) * 1_000_000
