variable "account" {
  description = "What the account is. Given by account-vending to every customization; nobody writes it."
  type = object({
    id                  = string
    name                = string
    email               = string
    organizational_unit = string
    owner               = optional(string)
    tags                = optional(map(string), {})
    custom_fields       = optional(any, {})
  })
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the logs of the account's own baseline, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is not one that CloudWatch takes, like 90, 365 or 731."
  }
}

variable "auditors" {
  description = "ARNs of the roles that may read the configuration of the account through the role \"vend-audit\". Without any, there is no such role."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.auditors : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "auditors holds something that is not the ARN of a role, like arn:aws:iam::111122223333:role/auditor."
  }
}

variable "monthly_budget_usd" {
  description = "The budget of the account in US dollars a month. Without it, there is no budget."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null ? true : var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd is not more than 0."
  }
}

variable "budget_email" {
  description = "Who is told when 80 % of the budget is spent, and when 100 % is forecast. Without it, the owner of the account."
  type        = string
  default     = null

  validation {
    condition     = var.budget_email == null ? true : can(regex("^[^@ ]+@[^@ ]+$", var.budget_email))
    error_message = "budget_email is not an e-mail address."
  }
}

variable "access_analyzer" {
  description = "Whether IAM Access Analyzer looks for what the account shares with others."
  type        = bool
  default     = false
}
