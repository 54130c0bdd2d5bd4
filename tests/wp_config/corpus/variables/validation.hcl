# A validation says what values are allowed (not known to Go Waypoint).
project = "shop"

variable "size" {
  default = 7

  validation {
    condition     = var.size % 2 == 0
    error_message = "The size must be even."
  }
  validation {
    condition     = var.size < 5
    error_message = "The size must be below 5, not ${var.size}."
  }
}
