# What workloads want to know of their own account, without a call to AWS Organizations, which members may not make.
locals {
  facts = {
    id                  = var.account.id
    name                = var.account.name
    organizational-unit = var.account.organizational_unit
    owner               = var.account.owner
  }
}

resource "aws_ssm_parameter" "fact" {
  for_each = { for name, value in local.facts : name => value if value != null }

  name        = "/vend/account/${each.key}"
  description = "The account's ${replace(each.key, "-", " ")}, as its account request says"
  type        = "String"
  value       = each.value
}

resource "aws_ssm_parameter" "custom_fields" {
  name        = "/vend/account/custom-fields"
  description = "The account's custom fields, as JSON"
  type        = "String"
  value       = jsonencode(var.account.custom_fields)
}
