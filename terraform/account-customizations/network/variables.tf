variable "cidr" {
  description = "The address range of the VPC: between /16 and /24, in CIDR notation."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("/(1[6-9]|2[0-4])$", var.cidr))
    error_message = "cidr is not an IPv4 range between /16 and /24, like 10.20.0.0/20."
  }
}

variable "zones" {
  description = "In how many Availability Zones there are private subnets."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 3, 4], var.zones)
    error_message = "zones is not 1, 2, 3 or 4."
  }
}

variable "name" {
  description = "The name of the VPC, and what the names of its parts begin with."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name is not lower-case letters, digits and \"-\", beginning with a letter."
  }
}

variable "flow_logs" {
  description = "Where flow logs go: to CloudWatch, to a bucket of your own by its ARN, or nowhere."
  type = object({
    destination    = optional(string, "cloudwatch")
    bucket_arn     = optional(string)
    retention_days = optional(number, 90)
  })
  default = {}

  validation {
    condition     = contains(["cloudwatch", "s3", "none"], var.flow_logs.destination)
    error_message = "flow_logs.destination is not cloudwatch, s3 or none."
  }
  validation {
    condition     = (var.flow_logs.destination == "s3") == (var.flow_logs.bucket_arn != null)
    error_message = "flow_logs.bucket_arn goes with the destination s3, and only with it."
  }
}
