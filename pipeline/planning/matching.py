"""Which account is a request's account?

Asked in this order: the request's `account_id`; the ownership tags; the name of the product that Account Factory made for the
request; the e-mail address, in any case of letters; a creation in flight of the same account name (AWS tells no e-mail address
of a creation in flight). While Account Factory is making the account of a request, the request has none yet. What is found is
refused, with a finding, when it is the management account, another repository's, or another request's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.account import WantedState
from pipeline.model.change import FieldChange
from pipeline.model.finding import Finding
from pipeline.model.observed import CreationInFlight, ObservedAccount, ObservedState
from pipeline.model.plan import Bystander
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.products import Products, owner_before, products_of

Match = ObservedAccount | CreationInFlight | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Every request's account, or None where there is none yet.

    A request with an error in `findings` is not in `accounts`. `adoptions` holds the change of ownership tags that a match
    needs, by request key: from None it is an adoption, from another key a renamed request file, from a missing repository a
    repair, from a product's name what is left of a creation. `orphans` are ours by tag without a request, `unmanaged` nobody's;
    accounts of other repositories, the management account and accounts that a finding names are in neither.
    """

    accounts: Mapping[str, Match]
    adoptions: Mapping[str, FieldChange]
    findings: tuple[Finding, ...]
    orphans: tuple[Bystander, ...]
    unmanaged: tuple[Bystander, ...]


def match(desired: DesiredState, observed: ObservedState, repository: str) -> Matching:
    """Match every request to its account. `repository` is this repository's name in the ownership tags."""
    organization = _index(desired, observed, repository)
    requests = sorted(desired.requests, key=lambda request: request.key)
    claims = [claim for request in requests if (claim := _reach(request, organization)) is not None]
    accepted, refused = _settle(claims, organization)
    owned = {claim.request.key: claim.accounts[0] for claim in accepted}
    failed = {refusal.claim.request.key for refusal in refused}
    left = [each for each in requests if each.key not in owned and each.key not in failed]
    making = _in_the_making(left, organization)
    unmatched = [each for each in left if each.key not in making]
    spoken_for = {account.account_id for refusal in refused for account in refusal.claim.accounts}
    spoken_for.update(account.account_id for account in owned.values())
    spoken_for.update(_made_by(organization, (each for each in left if each.key in making)))
    bystanders = [
        each for each in observed.accounts if each.account_id not in spoken_for and organization.is_free(each)
    ]
    return Matching(
        accounts={**owned, **making, **_in_flight(unmatched, observed.creations)},
        adoptions=_adoptions(owned, repository),
        findings=tuple(sorted(refusal.finding for refusal in refused)),
        orphans=_bystanders(account for account in bystanders if account.key is not None),
        unmanaged=_bystanders(account for account in bystanders if account.key is None),
    )


class _Way(StrEnum):
    """How a request reached an account."""

    ACCOUNT_ID = "account_id"
    TAG = "tag"
    PRODUCT = "product"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A request and what it reached: one account; none when `account_id` leads nowhere; several when tags are doubled."""

    request: AccountRequest
    way: _Way
    accounts: tuple[ObservedAccount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    claim: _Claim
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Organization:
    """The observed accounts, indexed for lookups; lists are sorted by account id."""

    management_account_id: str
    repository: str
    requests: frozenset[str]
    by_id: Mapping[str, ObservedAccount]
    by_key: Mapping[str, Sequence[ObservedAccount]]
    by_email: Mapping[str, ObservedAccount]
    products: Products

    def is_foreign(self, account: ObservedAccount) -> bool:
        return account.repository not in {None, self.repository}

    def is_free(self, account: ObservedAccount) -> bool:
        return account.account_id != self.management_account_id and not self.is_foreign(account)


def _index(desired: DesiredState, observed: ObservedState, repository: str) -> _Organization:
    accounts = sorted(observed.accounts, key=lambda account: account.account_id)
    by_key: dict[str, list[ObservedAccount]] = defaultdict(list)
    for account in accounts:
        if account.key is not None and account.repository in {None, repository}:
            by_key[account.key].append(account)
    return _Organization(
        management_account_id=observed.management_account_id,
        repository=repository,
        requests=frozenset(request.key for request in desired.requests),
        by_id={account.account_id: account for account in accounts},
        by_key=by_key,
        by_email={account.spec.email.lower(): account for account in reversed(accounts)},
        products=products_of(observed, repository),
    )


def _reach(request: AccountRequest, organization: _Organization) -> _Claim | None:
    if request.account_id is not None:
        found = organization.by_id.get(request.account_id)
        return _Claim(request=request, way=_Way.ACCOUNT_ID, accounts=(found,) if found else ())
    if tagged := _tagged(request, organization):
        return _Claim(request=request, way=_Way.TAG, accounts=tagged)
    if organization.products.in_the_making(request.key) is not None:
        return None
    if (found := organization.products.account_of(request.key)) is not None:
        return _Claim(request=request, way=_Way.PRODUCT, accounts=(found,))
    if (found := organization.by_email.get(request.spec.email.lower())) is not None:
        return _Claim(request=request, way=_Way.EMAIL, accounts=(found,))
    return None


def _tagged(request: AccountRequest, organization: _Organization) -> tuple[ObservedAccount, ...]:
    """The accounts that carry the request's key: those with our repository's name before those that lost it, open before closed.

    A closed account with another address than the request's is left behind: giving the request a new address is how people
    ask for a new account in place of a closed one, whose address AWS never gives out again.
    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html
    """
    carriers = organization.by_key.get(request.key, ())
    carriers = [each for each in carriers if each.repository is not None] or carriers
    if usable := tuple(each for each in carriers if not each.is_closed):
        return usable
    email = request.spec.email.lower()
    same = [each for each in carriers if each.spec.email.lower() == email]
    if not same and request.spec.state is WantedState.CLOSED:
        same = list(carriers)
    return tuple(same[:1])


def _settle(claims: Sequence[_Claim], organization: _Organization) -> tuple[list[_Claim], list[_Refusal]]:
    """Claims that stand, and refused ones: at most one request per account, and none on an account that is not free."""
    refused: list[_Refusal] = []
    rivals: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        if (finding := _objection(claim, organization)) is not None:
            refused.append(_Refusal(claim=claim, finding=finding))
        else:
            rivals[claim.accounts[0].account_id].append(claim)
    accepted: list[_Claim] = []
    for contenders in rivals.values():
        winner = _winner(contenders)
        accepted.extend([winner] if winner else [])
        refused.extend(
            _Refusal(claim=loser, finding=_rivalry(loser, contenders)) for loser in contenders if loser is not winner
        )
    return accepted, refused


def _winner(contenders: Sequence[_Claim]) -> _Claim | None:
    """The one contender by the strongest way; none when two are equally strong."""
    for way in (_Way.TAG, _Way.PRODUCT, _Way.ACCOUNT_ID, _Way.EMAIL):
        if strongest := [claim for claim in contenders if claim.way is way]:
            return strongest[0] if len(strongest) == 1 else None
    return None


def _objection(claim: _Claim, organization: _Organization) -> Finding | None:
    if not claim.accounts:
        return _finding(
            claim,
            "account-not-found",
            f'account "{claim.request.account_id}" is not in the organization',
            "correct `account_id`, or invite the account into the organization first",
        )
    if len(claim.accounts) > 1:
        ids = ", ".join(f'"{account.account_id}"' for account in claim.accounts)
        return _finding(
            claim,
            "ownership-ambiguous",
            f'accounts {ids} all carry the ownership tag of request "{claim.request.key}"',
            "set `account_id` to the one that is meant",
        )
    return _refusal_of(claim, claim.accounts[0], organization)


def _refusal_of(claim: _Claim, account: ObservedAccount, organization: _Organization) -> Finding | None:
    if account.account_id == organization.management_account_id:
        return _finding(
            claim,
            "management-account",
            f'account "{account.account_id}" is the management account, which is never changed',
            "remove the request",
        )
    if organization.is_foreign(account):
        return _finding(
            claim,
            "foreign-account",
            f'account "{account.account_id}" belongs to repository "{account.repository}"',
            "remove the request here, or have the account released there first",
        )
    if account.key != claim.request.key and account.key in organization.requests:
        return _finding(
            claim,
            "account-of-another-request",
            f'account "{account.account_id}" belongs to request "{account.key}"',
            f'keep one of the requests "{claim.request.key}" and "{account.key}"',
        )
    return None


def _rivalry(loser: _Claim, contenders: Sequence[_Claim]) -> Finding:
    others = ", ".join(f'"{claim.request.key}"' for claim in contenders if claim is not loser)
    return _finding(
        loser,
        "account-of-another-request",
        f'account "{loser.accounts[0].account_id}" is also requested by {others}',
        "keep one request per account",
    )


def _finding(claim: _Claim, rule: str, message: str, hint: str) -> Finding:
    attribute = "" if claim.way in {_Way.TAG, _Way.PRODUCT} else claim.way.value
    location = claim.request.origin(attribute) if attribute else claim.request.origin()
    return Finding(location=location, rule=rule, message=message, hint=hint, attribute=attribute)


def _in_the_making(requests: Iterable[AccountRequest], organization: _Organization) -> dict[str, CreationInFlight]:
    return {
        each.key: CreationInFlight(request_id=product.product_id, name=each.spec.name)
        for each in requests
        if (product := organization.products.in_the_making(each.key)) is not None
    }


def _made_by(organization: _Organization, requests: Iterable[AccountRequest]) -> Iterator[str]:
    """Accounts that are there already while their product is still in progress: nobody's for now, and not unmanaged."""
    accounts = (organization.by_email.get(request.spec.email.lower()) for request in requests)
    return (account.account_id for account in accounts if account is not None and account.key is None)


def _in_flight(
    requests: Sequence[AccountRequest], creations: Iterable[CreationInFlight]
) -> dict[str, CreationInFlight | None]:
    """One creation for one request: names are not unique in AWS, so two requests never share a creation."""
    by_name: dict[str, list[CreationInFlight]] = defaultdict(list)
    for creation in sorted(creations, key=lambda each: each.request_id, reverse=True):
        by_name[creation.name].append(creation)
    found: dict[str, CreationInFlight | None] = {}
    for request in requests:
        waiting = by_name.get(request.spec.name)
        found[request.key] = waiting.pop() if waiting else None
    return found


def _adoptions(owned: Mapping[str, ObservedAccount], repository: str) -> dict[str, FieldChange]:
    return {
        key: FieldChange(
            path=("ownership",),
            before=owner_before(account, key, repository),
            after={"request": key, "repository": repository},
        )
        for key, account in owned.items()
        if (account.key, account.repository) != (key, repository)
    }


def _bystanders(accounts: Iterable[ObservedAccount]) -> tuple[Bystander, ...]:
    return tuple(
        Bystander(
            account_id=account.account_id,
            name=account.spec.name,
            organizational_unit=account.spec.organizational_unit,
            key=account.key,
        )
        for account in sorted(accounts, key=lambda each: each.account_id)
    )
