resource "aws_accessanalyzer_analyzer" "account" {
  count = var.access_analyzer ? 1 : 0

  analyzer_name = "vend-account"
  type          = "ACCOUNT"
}
