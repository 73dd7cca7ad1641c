# A batch's lines and their answers, apart from system calls.

load unit

@test "F37: a write's id is drawn once, and stays" { batch ids; }
@test "answers come in the order of the lines, whoever gives them" { batch order; }
@test "blanks are no line, whatever stands behind them" { batch blanks; }
@test "what was sent whole may have been carried out, what was not was not" { batch unknown; }
@test "an unknown outcome is asked for once more" { batch once_more; }
@test "there is room for so many lines, and so many bytes" { batch room; }
