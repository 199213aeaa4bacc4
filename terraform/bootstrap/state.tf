# The states of customizations, and what is remembered of them: PREFIX/ACCOUNT/... for each account, with Terraform's lock
# objects beside the states. Each run of Terraform gets a session that reaches one account's states.

resource "aws_s3_bucket" "state" {
  count = var.state_bucket == null ? 0 : 1

  bucket = var.state_bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  count = length(aws_s3_bucket.state)

  bucket = aws_s3_bucket.state[0].bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  count = length(aws_s3_bucket.state)

  bucket = aws_s3_bucket.state[0].bucket
  rule {
    bucket_key_enabled = var.state_key_arn != null
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.state_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.state_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  count = length(aws_s3_bucket.state)

  bucket                  = aws_s3_bucket.state[0].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "state" {
  count = length(aws_s3_bucket.state)

  bucket = aws_s3_bucket.state[0].bucket
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "state" {
  count = length(aws_s3_bucket.state)

  bucket = aws_s3_bucket.state[0].bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource = [
        "arn:${local.partition}:s3:::${var.state_bucket}",
        "arn:${local.partition}:s3:::${var.state_bucket}/*",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# Marks and locks come and go with every run; states are kept for a year after they were replaced.
resource "aws_s3_bucket_lifecycle_configuration" "state" {
  count = length(aws_s3_bucket.state)

  bucket = aws_s3_bucket.state[0].bucket
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days           = 365
      newer_noncurrent_versions = 10
    }
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}
