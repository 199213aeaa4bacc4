variable "name" {
  description = "What the names of everything begin with."
  type        = string
  default     = "account-vending-worker"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", var.name))
    error_message = "Write letters, digits, \"-\" and \"_\", at most 32."
  }
}

variable "image" {
  description = "The image that the Dockerfile of this repository makes, in a registry of yours, by version or digest."
  type        = string

  validation {
    condition     = can(regex("^[^\\s:@]+(:[0-9]+/[^\\s:@]+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "Write REGISTRY/IMAGE:VERSION or REGISTRY/IMAGE@sha256:DIGEST: without one, nobody knows what runs."
  }
}

variable "architecture" {
  description = "What the image was built for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "Write X86_64 or ARM64."
  }
}

variable "cluster_arn" {
  description = "The ECS cluster."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/.+$", var.cluster_arn))
    error_message = "Write the ARN of an ECS cluster."
  }
}

variable "vpc_id" {
  description = "The VPC of the subnets."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "Write the id of a VPC, like vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Private subnets with a way to AWS, to git, to the Temporal server, and to Terraform's registry or your mirror of it."
  type        = set(string)

  validation {
    condition     = length(var.subnet_ids) > 0 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "Write at least one id of a subnet, like subnet-0123456789abcdef0."
  }
}

variable "repository" {
  description = "The URL of the repository with vending.yaml."
  type        = string

  validation {
    condition     = can(regex("^https://[^@\\s]+$", var.repository))
    error_message = "Write an https:// URL without a user or token in it; the token goes into a secret."
  }
}

variable "commit" {
  description = "The commit that was merged: what the workers work with. Another one replaces them, in good order."
  type        = string

  validation {
    condition     = can(regex("^([0-9a-f]{40}|[0-9a-f]{64})$", var.commit))
    error_message = "Write the full id of a commit: a branch is not what was reviewed."
  }
}

variable "repository_token_secret_arn" {
  description = "The secret whose text is a token that may read the repository. Without it, the repository has to be public."
  type        = string
  default     = null
}

variable "temporal_api_key_secret_arn" {
  description = "The secret whose text is the API key for the Temporal server, if it takes one."
  type        = string
  default     = null
}

variable "temporal_api_key_variable" {
  description = "The variable that the API key is in: engine.api_key_from of vending.yaml."
  type        = string
  default     = "TEMPORAL_API_KEY"

  validation {
    condition     = can(regex("^[A-Z_][A-Z0-9_]*$", var.temporal_api_key_variable))
    error_message = "Write the name of a variable of the environment."
  }
}

variable "secret_key_arns" {
  description = "KMS keys of your own that the secrets are encrypted with."
  type        = set(string)
  default     = []
}

variable "temporal_port" {
  description = "The port of the Temporal server: engine.address of vending.yaml."
  type        = number
  default     = 7233

  validation {
    condition     = var.temporal_port == floor(var.temporal_port) && var.temporal_port >= 1 && var.temporal_port <= 65535
    error_message = "A port is 1 to 65535."
  }
}

variable "apply_role_arn" {
  description = "The role that workers act as: roles.apply of vending.yaml. It has to trust the role of the tasks; see the output trust."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", var.apply_role_arn))
    error_message = "Write the ARN of one role."
  }
}

variable "close_role_arn" {
  description = "The role that may close accounts, for the workers of the lane closing. Without it there are none, and closures wait."
  type        = string
  default     = null

  validation {
    condition     = var.close_role_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", var.close_role_arn))
    error_message = "Write the ARN of one role."
  }
  validation {
    condition     = var.close_role_arn != var.apply_role_arn
    error_message = "Another role than apply closes accounts."
  }
}

variable "workers" {
  description = "Kinds of workers: how many there are, and how many turns of each lane one has at a time. A place of the lane terraform takes a core and 700 MB."
  type = map(object({
    lanes       = map(number)
    count       = optional(number, 2)
    cpu         = optional(number, 512)
    memory      = optional(number, 1024)
    storage_gib = optional(number, 21)
    grace       = optional(number, 60)
  }))
  default = {
    accounts  = { lanes = { organizations = 8, creation = 5, control-tower = 5, landing-zone = 1, access = 10, member = 8 } }
    terraform = { lanes = { terraform = 2 }, cpu = 2048, memory = 4096, storage_gib = 30, grace = 20 }
  }

  validation {
    condition = alltrue([for worker in var.workers : length(worker.lanes) > 0 && alltrue([for lane, places in worker.lanes :
      contains(["organizations", "creation", "control-tower", "landing-zone", "access", "member", "terraform"], lane) && places >= 1 && places == floor(places)
    ])])
    error_message = "Write whole places of organizations, creation, control-tower, landing-zone, access, member or terraform. The lane closing has workers of its own, where close_role_arn is set."
  }
  validation {
    condition     = !contains(keys(var.workers), "closing")
    error_message = "The name \"closing\" is that of the workers that close accounts."
  }
  validation {
    condition     = alltrue([for worker in var.workers : worker.grace >= 0 && worker.grace <= 100])
    error_message = "Fargate kills a task 120 seconds after it is told to stop: leave it 0 to 100 to finish in, and less where Terraform runs, which then has the rest to stop in good order."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}

variable "log_key_arn" {
  description = "The KMS key of the logs. Without it, CloudWatch encrypts with a key of its own."
  type        = string
  default     = null
}
