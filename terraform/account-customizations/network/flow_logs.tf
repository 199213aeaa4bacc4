locals {
  to_cloudwatch = var.flow_logs.destination == "cloudwatch"
}

resource "aws_cloudwatch_log_group" "flow" {
  count = local.to_cloudwatch ? 1 : 0

  name              = "/vend/network/${var.name}/flow"
  retention_in_days = var.flow_logs.retention_days
}

data "aws_iam_policy_document" "flow_trust" {
  count = local.to_cloudwatch ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  count = local.to_cloudwatch ? 1 : 0

  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flow[0].arn}:*"]
  }
}

resource "aws_iam_role" "flow" {
  count = local.to_cloudwatch ? 1 : 0

  name               = "vend-${var.name}-flow-logs"
  description        = "Lets VPC flow logs write to CloudWatch"
  assume_role_policy = data.aws_iam_policy_document.flow_trust[0].json
}

resource "aws_iam_role_policy" "flow" {
  count = local.to_cloudwatch ? 1 : 0

  name   = "write"
  role   = aws_iam_role.flow[0].id
  policy = data.aws_iam_policy_document.flow[0].json
}

resource "aws_flow_log" "this" {
  count = var.flow_logs.destination == "none" ? 0 : 1

  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = local.to_cloudwatch ? "cloud-watch-logs" : "s3"
  log_destination      = local.to_cloudwatch ? aws_cloudwatch_log_group.flow[0].arn : var.flow_logs.bucket_arn
  iam_role_arn         = one(aws_iam_role.flow[*].arn)

  tags = { Name = var.name }
}
