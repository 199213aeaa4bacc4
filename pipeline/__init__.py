"""account-vending: a GitOps pipeline that vends AWS accounts.

A run is a walk through rooms in one direction: people write *account requests*, we read them into a *desired state*, ask AWS
for the *observed state*, compare the two into a *plan*, and, once the plan was reviewed, *reconcile*: carry out the reviewed
changes and observe again. There is no database of ours: git says what is wanted, AWS says what is.

| room | responsibility | law |
| --- | --- | --- |
| ``model`` | the words we use, as frozen values | imports nothing of ours; no I/O |
| ``errors`` | everything that can stop a run, with its exit code | names only the model |
| ``account_requests`` | what people ask for: load, inherit, check | reads files, never AWS; returns all findings, raises none |
| ``planning`` | what has to change: match, diff, order, guard, review | pure: no clock, file, network, environment |
| ``provisioners`` | the only door to AWS: one folder per backend behind one protocol | backends do not import each other |
| ``customizations`` | Terraform inside accounts: selection, inputs, workspace, run | one account's failure is its own |
| ``forges`` | where reports go: GitHub, GitLab | posts text; does not read plans; believes only its own author |
| ``reports`` | values to terminal, Markdown, JSON, SARIF | pure; decides nothing |
| ``sandbox`` | an AWS organization on this machine | nothing outside ``app`` imports it |
| ``settings`` | ``vending.yaml``, read once, frozen | rooms receive plain values |
| ``reconcile`` | carry out a plan through an engine | knows protocols, not AWS; every exception becomes an outcome |
| ``app`` | the verbs, and the choice of real parts | no ``if`` about accounts |
| ``cli`` | arguments in, text and exit code out | the only place that prints and exits |

Imports run downwards: ``cli > app > reconcile | settings > rooms > errors > model``, and never sideways between rooms;
import-linter holds this in ``make check``.
"""

__version__ = "0.1.0"
