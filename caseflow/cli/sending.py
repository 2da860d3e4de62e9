"""The settings for messages to the outside, as the desk and the worker need them."""

from __future__ import annotations

from collections.abc import Mapping

from caseflow.config import Settings
from caseflow.desk.reminders import Reach
from caseflow.errors import BadInput, Fault
from caseflow.house import House
from caseflow.senders import Sender, SmsGateway, SmtpSender


def reach_of(settings: Settings, house: House) -> Reach:
    """What can be reached outside; BadInput where a mailbox belongs to no bureau."""
    unknown = [bureau for bureau in settings.office_mail if bureau not in house.catalogue.bureaus]
    if unknown:
        raise BadInput([Fault("office_mail", f"没有经办机构 {bureau[:40]}") for bureau in unknown])
    return Reach(sms=bool(settings.sms_url), mailboxes=settings.office_mail)


def senders_of(settings: Settings) -> Mapping[str, Sender]:
    """A sender for each channel that is configured."""
    found: dict[str, Sender] = {}
    if settings.smtp_host:
        found["email"] = SmtpSender(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_from,
            settings.smtp_user,
            settings.smtp_password,
            settings.send_timeout,
            settings.ca_file,
        )
    if settings.sms_url:
        found["sms"] = SmsGateway(settings.sms_url, settings.sms_secret, settings.send_timeout, settings.ca_file)
    return found
