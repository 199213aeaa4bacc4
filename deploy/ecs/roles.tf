# What the tasks may do: be one role of vending.yaml. What that one may do is decided by terraform/bootstrap.
data "aws_partition" "this" {}

locals {
  is_closing = { for kind, worker in local.workers : kind => contains(keys(worker.lanes), "closing") }
  acts_as    = merge({ apply = var.apply_role_arn }, { for arn in var.close_role_arn[*] : "close" => arn })
  secrets    = compact([var.repository_token_secret_arn, var.temporal_api_key_secret_arn])
  trust_of_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.this.partition}:ecs:${local.cluster.region}:${local.cluster.account}:*" }
        StringEquals = { "aws:SourceAccount" = local.cluster.account }
      }
    }]
  })
  cluster = { region = split(":", var.cluster_arn)[3], account = split(":", var.cluster_arn)[4] }
}

resource "aws_iam_role" "task" {
  for_each = local.acts_as

  name               = "${var.name}-${each.key}"
  description        = "Workers of account-vending that act as ${each.key}"
  assume_role_policy = local.trust_of_tasks
}

resource "aws_iam_role_policy" "task" {
  for_each = local.acts_as

  name = "act-as-${each.key}"
  role = aws_iam_role.task[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Act", Effect = "Allow", Action = "sts:AssumeRole", Resource = each.value }]
  })
}

# Fetches the image, writes the logs and reads the secrets, before anything of ours runs.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Starts workers of account-vending"
  assume_role_policy = local.trust_of_tasks
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "secrets" {
  count = length(local.secrets) == 0 ? 0 : 1

  name = "secrets"
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Sid = "Secrets", Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = local.secrets }],
      length(var.secret_key_arns) == 0 ? [] : [{ Sid = "Keys", Effect = "Allow", Action = "kms:Decrypt", Resource = sort(var.secret_key_arns) }],
    )
  })
}
