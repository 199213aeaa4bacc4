output "roles" {
  description = "The roles that the workers have: apply for the input workers of terraform/bootstrap, close for its closing_workers."
  value       = { for name, role in aws_iam_role.task : name => role.arn }
}

output "trust" {
  description = "The same without terraform/bootstrap: a statement for the trust policy of each role that the workers act as, so that they may."
  value = { for name, role in aws_iam_role.task : name => jsonencode({
    Sid       = "Workers"
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = { AWS = role.arn }
  }) }
}

output "log_group" {
  description = "Where the workers log, in JSON."
  value       = aws_cloudwatch_log_group.this.name
}
