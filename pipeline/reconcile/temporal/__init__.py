"""Carry out a plan on many machines, through Temporal (https://docs.temporal.io).

Law of the folder: the only one that imports `temporalio`, and imported only when `vending.yaml` chooses it.

`vend apply` submits one *run* workflow. It decides who goes next, with the same `Agenda` as the inline engine, and starts a
*change* workflow for each task: its id is made of the subject, so there are never two at once for one account, whoever starts
them. A change takes *turns*: activities that perform the operations which follow each other on one lane, on a worker that
serves the queue of the lane. All of it is data: workflows interpret tasks and know no operation, so a run goes on with another
release of the program.

Every name of a workflow, a queue or an activity ends in the version of the interpreter. What a version does, in which order, is
never changed, for runs of it may be in progress: a change makes a new version, and workers serve both.
"""
