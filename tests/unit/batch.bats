# A batch's lines and their answers, apart from system calls.

load unit

@test "F37: a write's id is drawn once, and stays" { batch ids; }
@test "answers come in the order of the lines, whoever gives them" { batch order; }
@test "blanks are no line, whatever stands behind them" { batch blanks; }
@test "what was sent whole may have been carried out, what was not was not" { batch unknown; }
@test "an unknown outcome is asked for, as long as its id is of the window" { batch once_more; }
@test "a refusal says nothing of an earlier sending" { batch refused_later; }
@test "who steps down tells of each line whether it was carried out" { batch stepped_down; }
@test "there is room for so many lines, and so many bytes" { batch room; }
