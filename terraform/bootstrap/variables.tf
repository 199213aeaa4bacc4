variable "name" {
  description = "What the names of the roles begin with."
  type        = string
  default     = "account-vending"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$", var.name))
    error_message = "Write letters, digits, \"-\" and \"_\", at most 41."
  }
}

variable "github" {
  description = "The repository on GitHub that may use the roles. The ids are those of its owner and of itself: repositories that are younger than 15 July 2026, or have opted in, sign with them."
  type = object({
    repository           = string
    owner_id             = optional(string)
    repository_id        = optional(string)
    branch               = optional(string, "main")
    apply_environment    = optional(string, "production")
    close_environment    = optional(string, "account-closing")
    host                 = optional(string, "token.actions.githubusercontent.com")
    create_oidc_provider = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.github.repository))
    error_message = "Write github.repository as OWNER/REPOSITORY."
  }
  validation {
    condition     = var.github == null || try((var.github.owner_id == null) == (var.github.repository_id == null), false)
    error_message = "Give both github.owner_id and github.repository_id, or neither."
  }
  validation {
    condition     = var.github == null || !can(regex("[*?$]", try("${var.github.branch}${var.github.apply_environment}${var.github.close_environment}", "")))
    error_message = "Write branch and environments without \"*\", \"?\" and \"$\": a trust policy would take them for patterns."
  }
}

variable "gitlab" {
  description = "The project on GitLab that may use the roles."
  type = object({
    project              = string
    branch               = optional(string, "main")
    host                 = optional(string, "gitlab.com")
    audience             = optional(string, "sts.amazonaws.com")
    create_oidc_provider = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.gitlab == null || can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$", var.gitlab.project))
    error_message = "Write gitlab.project as GROUP/PROJECT."
  }
  validation {
    condition     = var.gitlab == null || !can(regex("[*?$]", try(var.gitlab.branch, "")))
    error_message = "Write gitlab.branch without \"*\", \"?\" and \"$\": a trust policy would take them for patterns."
  }
}

variable "state_bucket" {
  description = "The name of the bucket for the states of customizations, and what is remembered of them. Without it, there is none."
  type        = string
  default     = null
}

variable "state_prefix" {
  description = "What the keys of all states begin with: customizations.state.prefix of vending.yaml."
  type        = string
  default     = "accounts"
}

variable "state_key_arn" {
  description = "The KMS key of the state bucket. Without it, S3 encrypts with keys of its own."
  type        = string
  default     = null
}

variable "execution_roles" {
  description = "Names of the roles inside accounts that an apply may assume: execution_role of vending.yaml, and those that an enrolment goes through."
  type        = list(string)
  default     = ["OrganizationAccountAccessRole"]
}

variable "plan_execution_roles" {
  description = "Names of the roles inside accounts that a plan may assume: plan_execution_role of vending.yaml. A pull request can make a plan do what these may do, so they should only read."
  type        = list(string)
  default     = ["AccountVendingRead"]
}

variable "member_read_role_units" {
  description = "Ids of organizational units whose accounts, those to come too, get the first of plan_execution_roles by a stack set. It takes trusted access of CloudFormation StackSets."
  type        = list(string)
  default     = []
}

variable "member_read_policies" {
  description = "ARNs of policies that this role has besides the reads of account-vending: what the Terraform of your customizations reads."
  type        = list(string)
  default     = []
}

variable "control_tower" {
  description = "Whether the organization has a landing zone that the roles work with."
  type        = bool
  default     = false
}

variable "account_factory_portfolio" {
  description = "The id of Account Factory's portfolio, which the apply and close roles get access to. Without it, a person gives it."
  type        = string
  default     = null
}

variable "session_hours" {
  description = "How long one run may last: the longest session of the apply and close roles, in hours."
  type        = number
  default     = 4

  validation {
    condition     = var.session_hours >= 1 && var.session_hours <= 12
    error_message = "AWS allows 1 to 12 hours."
  }
}

variable "workers" {
  description = "ARNs of the roles of workers (engine.kind temporal) that may be the apply role: that of tasks on ECS, or of service accounts on EKS. They have to be there."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.workers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "Write the ARN of a role each, like arn:aws:iam::111122223333:role/account-vending-worker-apply; whole accounts and wildcards are not trusted."
  }
}

variable "closing_workers" {
  description = "The same for the close role: ARNs of the roles of workers that serve the lane closing. What a run orders, they carry out without asking the reviewers of closures."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.closing_workers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "Write the ARN of a role each, like arn:aws:iam::111122223333:role/account-vending-worker-close; whole accounts and wildcards are not trusted."
  }
  validation {
    condition     = length(setintersection(var.closing_workers, var.workers)) == 0
    error_message = "Other workers than those of the apply role close accounts: name each role once."
  }
}
