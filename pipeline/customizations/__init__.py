"""Customizations: what is set up inside an account after it exists, with Terraform.

Law of this room: selection, inputs, workspace, run. It is the only user of ``subprocess``, and one account's failure is one
account's outcome. Reading comes first and needs neither Terraform nor credentials: ``selection`` says which customizations an
account gets, ``folder`` what their Terraform declares, ``checking`` whether the two fit.
"""
