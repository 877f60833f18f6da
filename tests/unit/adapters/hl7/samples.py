"""Messages as devices and laboratories send them."""

from __future__ import annotations

GATEWAY = "GW7^00A037FFFE000012^EUI-64"

ALARM = (
    f"MSH|^~\\&|{GATEWAY}|ICU|WARDWIRE|HOSP|20261201184000-0600||ORU^R40^ORU_R40|A1001|P|2.6|||AL|NE||UNICODE UTF-8"
    "|||IHE_PCD_04^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO\r"
    "PID|||4711^^^HOSP^MR\r"
    "PV1||I|4 West^4W-R6^4W-12^HOSP\r"
    f"OBR|1||a91.2^{GATEWAY}|196616^MDC_EVT_ALARM^MDC|||20261201184000-0600||||||||||||||||||||||^a91&GW7&00A0&EUI-64\r"
    "OBX|1|ST|196670^MDC_EVT_LO^MDC|1.1.1.1.1|SpO2 low||||||R|||20261201183959-0600\r"
    "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1.2|82|262688^MDC_DIM_PERCENT^MDC|90-100||||R\r"
    "OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.1.1.1.3|start||||||R\r"
    "OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|1.1.1.1.4|active||||||R\r"
    "OBX|5|ST|68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC|1.1.1.1.5|enabled||||||R\r"
    "OBX|6|ST|68484^MDC_ATTR_ALARM_PRIORITY^MDC|1.1.1.1.6|PH||||||R\r"
    "OBX|7|ST|68485^MDC_ATTR_ALERT_TYPE^MDC|1.1.1.1.7|SP||||||R\r"
)
RESULT = (
    "MSH|^~\\&|LIS|HOSP|WARDWIRE|HOSP|20261202140210-0600||ORU^R01^ORU_R01|K-771|P|2.5.1||||||8859/1\r"
    "PID|||4711^^^HOSP^MR~99^^^NAT^SS||Doe^Jane\r"
    "PV1||I|4 West^4W-R6^4W-12^HOSP|||||||CAR\r"
    "OBR|1||S-1|K^Potassium|||20261202135500-0600\r"
    "OBX|1|NM|6298-4^Potassium^LN||6.8|mmol/L|3.5-5.1|HH|||F|||20261202140000-0600\r"
    "OBX|2|NM|2951-2^Sodium^LN||140|mmol/L|135-145|N|||F\r"
)


def with_phase(phase: str, *, control: str = "A1001", state: str = "active", priority: str = "PH") -> bytes:
    """The alarm in another phase of its life."""
    text = ALARM.replace("|A1001|", f"|{control}|").replace("|start|", f"|{phase}|")
    return text.replace("|active|", f"|{state}|").replace("|PH|", f"|{priority}|").encode()


def adt(
    event: str, *, control: str, bed: str = "4W-12", unit: str = "4 West", at: str = "", patient: str = "4711"
) -> str:
    """What an admission system says of a patient; `at` as it stands in EVN-2."""
    return (
        f"MSH|^~\\&|ADT1|HOSP|WARDWIRE|HOSP|20261201184500-0600||ADT^{event}|{control}|P|2.5.1||||||8859/1\r"
        f"EVN|{event}|{at}\r"
        f"PID|||{patient}^^^HOSP^MR||Doe^Jane\r"
        f"PV1||I|{unit}^^{bed}^HOSP\r"
    )
