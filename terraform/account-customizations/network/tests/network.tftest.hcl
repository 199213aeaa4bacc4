mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1c", "eu-west-1a", "eu-west-1b"] }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  cidr  = "10.20.0.0/20"
  zones = 3
}

run "there_is_a_private_subnet_in_each_zone_and_no_way_out" {
  command = plan

  assert {
    condition = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == {
      eu-west-1a = "10.20.0.0/22"
      eu-west-1b = "10.20.4.0/22"
      eu-west-1c = "10.20.8.0/22"
    }
    error_message = "the subnets are not a quarter of the range each, in the order of zones"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch])
    error_message = "a subnet gives out public addresses"
  }
  assert {
    condition     = aws_flow_log.this[0].log_destination_type == "cloud-watch-logs" && aws_cloudwatch_log_group.flow[0].retention_in_days == 90
    error_message = "flow logs do not go to CloudWatch for 90 days"
  }
}

run "flow_logs_can_go_to_a_bucket_without_a_role" {
  command = plan

  variables {
    zones     = 1
    flow_logs = { destination = "s3", bucket_arn = "arn:aws:s3:::example-flow-logs" }
  }

  assert {
    condition     = aws_flow_log.this[0].log_destination == "arn:aws:s3:::example-flow-logs"
    error_message = "flow logs do not go to the bucket"
  }
  assert {
    condition     = length(aws_iam_role.flow) + length(aws_cloudwatch_log_group.flow) == 0
    error_message = "there is a role or log group that nothing uses"
  }
  assert {
    condition     = aws_subnet.private["eu-west-1a"].cidr_block == "10.20.0.0/22"
    error_message = "another number of zones moves the subnets"
  }
}

run "a_range_that_is_too_small_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0/28"
  }

  expect_failures = [var.cidr]
}
