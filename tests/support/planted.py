"""Two hundred things about people that exist nowhere else, and who gives them where."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔"
_GIVEN = "霈溦翀骉犇淼垚焱燊瑢琬珺珩璟昕昉昶暄晞旸"


@dataclass(frozen=True, slots=True)
class Planted:
    """One applicant with an agent and an account: eight markers."""

    name: str
    number: str
    phone: str
    agent: str
    agent_number: str
    agent_phone: str
    account: str
    holder: str

    def markers(self) -> tuple[str, ...]:
        """Everything about these people."""
        return tuple(getattr(self, name) for name in Planted.__slots__)

    def secrets(self) -> tuple[str, ...]:
        """What no page shows in full: numbers of identity and account, telephones."""
        return self.number, self.agent_number, self.phone, self.agent_phone, self.account


def plant(count: int, seed: int = 20260302) -> list[Planted]:
    """So many applicants, all different."""
    random = Random(seed)
    numbers = _different(random, _resident_number, 2 * count)
    phones = _different(random, lambda one: f"139{one.randrange(10**8):08d}", 2 * count)
    accounts = _different(random, lambda one: f"6222{one.randrange(10**15):015d}", count)
    names = _different(random, lambda one: one.choice(_SURNAMES) + "".join(one.sample(_GIVEN, 2)), 3 * count)
    return [
        Planted(
            *(names[n], numbers[n], phones[n]),
            *(names[n + count], numbers[n + count], phones[n + count]),
            *(accounts[n], names[n + 2 * count]),
        )
        for n in range(count)
    ]


def _different(random: Random, make: object, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(random)] = None  # type: ignore[operator]
    return list(found)


def _resident_number(random: Random) -> str:
    body = f"654221{random.randrange(1950, 2005)}{random.randrange(1, 13):02d}{random.randrange(1, 28):02d}"
    body += f"{random.randrange(1000):03d}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
