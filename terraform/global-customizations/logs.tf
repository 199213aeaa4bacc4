# One place for the logs of what this baseline sets up, with an end: a log group that AWS creates by itself keeps them for ever.
resource "aws_cloudwatch_log_group" "baseline" {
  name              = "/vend/baseline"
  retention_in_days = var.log_retention_days
}
