# The decisions of core/, and its formats, over all that they can meet.

load unit

@test "F3 who is up to date: all pairs of (last term, last index)" { rules up_to_date; }
@test "F1 F2 one vote a term, whatever is asked" { rules one_vote_a_term; }
@test "F5 a term only grows, and takes no vote along" { rules term_raises; }
@test "F11 the commit index that an append allows" { rules commit; }
@test "F15 the index that a majority holds" { rules quorum; }
@test "a majority is more than half" { rules majority; }
@test "F4 all outcomes of a ballot among one to seven" { rules counts; }
@test "F2 a term record torn at each byte is the old one, the new one or none" { rules terms_torn; }
@test "F45 a term record with a bit flipped is none" { rules terms_flipped; }
@test "the longest term record fits its slot" { rules terms_long; }
@test "F61 a frame with a bit flipped or a byte missing is none" { rules frames_flipped; }
@test "F45 a log record with a bit flipped is not intact" { rules records_flipped; }
@test "F45 a log record's header is read as it stands, or not at all" { rules records_bytes; }
@test "F42 zero sectors are counted where the record lies" { rules records_zeros; }
@test "F59 a cluster's id follows from its names and ids, in any order" { rules digests; }
