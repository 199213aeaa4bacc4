"""Which accounts the customizations of a plan reach first."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.change import CustomizeAccount, MoveAccount
from pipeline.model.plan import Plan, RollOut
from pipeline.planning.documents import plan_from_json, plan_to_json
from pipeline.planning.waves import WaveRules, with_roll_out

KEYS = tuple(f"account-{number:03}" for number in range(112))
KEY_SETS = st.sets(st.sampled_from(KEYS), min_size=1, max_size=40)
SIZES = st.lists(st.integers(1, 30) | st.integers(1, 100).map(lambda share: f"{share}%"), max_size=4).map(tuple)
RULES = st.builds(
    WaveRules,
    sizes=SIZES,
    canary=st.frozensets(st.sampled_from(KEYS), max_size=3),
    failure_budget=st.integers(0, 3),
)


def customize(key: str, name: str = "network", account_id: str | None = "210000000001") -> CustomizeAccount:
    return CustomizeAccount(key=key, account_id=account_id, name=key, customization=name, fingerprint="1")


def a_plan(*keys: str) -> Plan:
    return Plan(changes=tuple(customize(key) for key in keys))


def waves(plan: Plan, *sizes: int | str, canary: tuple[str, ...] = ()) -> tuple[tuple[str, ...], ...]:
    rolled = with_roll_out(plan, WaveRules(sizes=sizes, canary=frozenset(canary), failure_budget=0)).roll_out
    assert rolled is not None
    return rolled.waves


def test_numbers_are_accounts_shares_are_of_all_and_the_rest_comes_last() -> None:
    assert [len(wave) for wave in waves(a_plan(*KEYS), 1, "10%", "100%")] == [1, 12, 99]
    assert [len(wave) for wave in waves(a_plan(*KEYS), 1, "10%")] == [1, 12, 99]
    assert [len(wave) for wave in waves(a_plan(*KEYS[:3]), "1%", "1%")] == [1, 1, 1]
    assert [len(wave) for wave in waves(a_plan(*KEYS), "10%", canary=KEYS[:20])] == [20, 12, 80]


def test_a_plan_without_rules_or_without_customizations_has_no_roll_out() -> None:
    moved = MoveAccount(key="a", account_id="210000000001", name="a", before="A", after="B")

    assert with_roll_out(a_plan(*KEYS), WaveRules()).roll_out is None
    assert with_roll_out(Plan(changes=(moved,)), WaveRules(sizes=(1,))).roll_out is None


def test_a_budget_alone_is_one_wave() -> None:
    rolled = with_roll_out(a_plan("a", "b"), WaveRules(failure_budget=2)).roll_out

    assert rolled is not None
    assert ([sorted(wave) for wave in rolled.waves], rolled.failure_budget) == ([["a", "b"]], 2)


def test_the_canary_is_a_wave_before_all_others() -> None:
    first, second, *_ = waves(a_plan(*KEYS), 1, canary=(KEYS[7], KEYS[9], "not-in-this-plan"))

    assert set(first) == {KEYS[7], KEYS[9]}
    assert len(second) == 1


def test_an_account_is_in_one_wave_whatever_it_gets() -> None:
    plan = Plan(changes=(customize("a", "base"), customize("a", "network"), customize("b")))

    assert sorted(chain(*waves(plan, 1))) == ["a", "b"]


def test_the_order_is_neither_that_of_the_plan_nor_that_of_the_alphabet() -> None:
    order = list(chain(*waves(a_plan(*KEYS), 1, "10%")))

    assert order != sorted(order)
    assert order == list(chain(*waves(a_plan(*reversed(KEYS)), 1, "10%")))


def test_accounts_that_the_plan_creates_come_after_those_that_are_there() -> None:
    plan = Plan(changes=(*(customize(key, account_id=None) for key in KEYS[:20]), *map(customize, KEYS[20:25])))

    assert sorted(chain(*waves(plan, 5)[:1])) == sorted(KEYS[20:25])


@given(KEY_SETS, RULES)
def test_every_account_is_in_exactly_one_wave_and_no_wave_is_empty(keys: set[str], rules: WaveRules) -> None:
    rolled = with_roll_out(a_plan(*keys), rules).roll_out

    assert rolled is not None
    assert sorted(chain(*rolled.waves)) == sorted(keys)
    assert all(rolled.waves)


@given(KEY_SETS, RULES, st.data())
def test_a_run_that_continues_takes_what_is_left_in_the_same_order(
    keys: set[str], rules: WaveRules, data: st.DataObject
) -> None:
    def order(plan: Plan) -> list[str]:
        rolled = with_roll_out(plan, rules).roll_out
        return [] if rolled is None else list(chain(*rolled.waves))

    left = data.draw(st.sets(st.sampled_from(sorted(keys))))

    assert order(a_plan(*left)) == [key for key in order(a_plan(*keys)) if key in left]


@given(KEY_SETS, RULES)
def test_a_roll_out_survives_its_file_and_is_no_part_of_the_digest(keys: set[str], rules: WaveRules) -> None:
    plan = a_plan(*keys)
    rolled = with_roll_out(plan, rules)

    assert plan_from_json(plan_to_json(rolled)) == rolled
    assert rolled.digest == plan.digest


def test_a_plan_without_a_roll_out_is_written_as_before() -> None:
    """So that an older version reads it."""
    assert "roll_out" not in plan_to_json(a_plan("a"))
    assert plan_from_json(plan_to_json(Plan(roll_out=RollOut(waves=(("a",),))))).roll_out == RollOut(waves=(("a",),))
