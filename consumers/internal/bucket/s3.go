//go:build s3

package bucket

import _ "gocloud.dev/blob/s3blob" // registers s3://
