# Numbers, buffers and checksums.

load unit

@test "nothing but a number is a number" { num strict; }
@test "numbers are printed as printf does" { num printed; }
@test "numbers have bounds" { num bounds; }
@test "hexadecimal numbers have as many digits as they should" { num hexadecimal; }
@test "digits that have a width are read as others are, on any machine" {
	num fixed
	num_table fixed
}
@test "seconds may have a fraction" { num fractions; }
@test "CRC-32C is RFC 3720's" { num checksums; }
@test "CRC-32C is the same without the processor's help" { num_table checksums; }
@test "a buffer grows, and is eaten and cut" { num buffers; }
@test "a buffer that things flow through stays small" { num queue; }
