module trivet-benchmark

go 1.19
