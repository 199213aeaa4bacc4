output "audit_role_arn" {
  description = "The role for auditors, or null without one."
  value       = one(aws_iam_role.audit[*].arn)
}

output "log_group_name" {
  description = "The log group of the baseline."
  value       = aws_cloudwatch_log_group.baseline.name
}
