locals {
  workers = merge(var.workers, {
    for arn in var.close_role_arn[*] : "closing" => {
      lanes = { closing = 3 }, count = 1, cpu = 256, memory = 1024, storage_gib = 21, grace = 60
    }
  })

  # All that is written; the rest of the file system is read-only. The image says that they belong to its user.
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
  written = { workspace = "/workspace", home = "/home/vend", tmp = "/tmp" }
  locked = {
    image                  = var.image
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { add = [], drop = ["ALL"] } }
    mountPoints            = [for name, path in local.written : { sourceVolume = name, containerPath = path, readOnly = false }]
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Workers of account-vending: nobody reaches them"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { https = 443, temporal = var.temporal_port }

  security_group_id = aws_security_group.this.id
  description       = each.key == "https" ? "AWS, git and providers of Terraform" : "The Temporal server"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.workers

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  task_role_arn            = aws_iam_role.task[local.is_closing[each.key] ? "close" : "apply"].arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  ephemeral_storage {
    size_in_gib = each.value.storage_gib
  }

  dynamic "volume" {
    for_each = local.written
    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([
    merge(local.locked, {
      name             = "checkout"
      essential        = false
      entryPoint       = ["checkout"]
      command          = ["/workspace/checkout"]
      environment      = [{ name = "COMMIT", value = var.commit }, { name = "REPOSITORY", value = var.repository }]
      secrets          = [for arn in var.repository_token_secret_arn[*] : { name = "GIT_TOKEN", valueFrom = arn }]
      logConfiguration = local.logs
    }),
    merge(local.locked, {
      name      = "worker"
      essential = true
      command = concat(
        ["--root=/workspace/checkout", "--log-format=json", "worker", "--grace=${each.value.grace}", "--health-port=8089"],
        [for lane, places in each.value.lanes : "--lane=${lane}=${places}"],
      )
      dependsOn   = [{ containerName = "checkout", condition = "SUCCESS" }]
      environment = [for arn in var.close_role_arn[*] : { name = "VEND_APPLY_ROLE", value = arn } if local.is_closing[each.key]]
      secrets     = [for arn in var.temporal_api_key_secret_arn[*] : { name = var.temporal_api_key_variable, valueFrom = arn }]
      stopTimeout = 120 # the most that Fargate gives
      # By command, since the port is open on loopback only.
      healthCheck      = { command = ["CMD", "vend", "worker", "--health-check=8089"], interval = 30, timeout = 10, retries = 3, startPeriod = 120 }
      logConfiguration = local.logs
    }),
  ])

  # A task may start at once: without these, its first call is refused.
  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy.secrets, aws_iam_role_policy_attachment.execution]
}

locals {
  logs = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this.name
      awslogs-region        = local.cluster.region
      awslogs-stream-prefix = "worker"
    }
  }
}

resource "aws_ecs_service" "this" {
  for_each = local.workers

  name             = "${var.name}-${each.key}"
  cluster          = var.cluster_arn
  task_definition  = aws_ecs_task_definition.this[each.key].arn
  desired_count    = each.value.count
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  propagate_tags   = "SERVICE"

  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }
}
