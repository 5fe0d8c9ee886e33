"""What others found on published instances: facts to hold our own answers against.

Solomon: least total distance of the 56 instances of 100 customers, distances and times cut to one decimal
(the convention of the 12th DIMACS Implementation Challenge), as CVRPLIB lists them; all are proven to be the
least (Pecin, Contardo, Desaulniers and Uchoa, *New Enhancements for the Exact Solution of the Vehicle Routing
Problem with Time Windows*, INFORMS Journal on Computing 29, 2017).

Chao: greatest score on set 4 with exact distances, as Dang, Guibadj and Moukrim collected and completed it
(*An effective PSO-inspired algorithm for the team orienteering problem*, European Journal of Operational
Research 229, 2013). Instances in which nothing can be reached (p4.3.a, p4.4.a to c) have no figure.

A figure may be outdated: whoever beats one here should look it up.
"""

_SOLOMON = """
C101 827.3  C102 827.3  C103 826.3  C104 822.9  C105 827.3  C106 827.3  C107 827.3  C108 827.3  C109 827.3
C201 589.1  C202 589.1  C203 588.7  C204 588.1  C205 586.4  C206 586.0  C207 585.8  C208 585.8
R101 1637.7 R102 1466.6 R103 1208.7 R104 971.5  R105 1355.3 R106 1234.6 R107 1064.6 R108 932.1  R109 1146.9
R110 1068.0 R111 1048.7 R112 948.6
R201 1143.2 R202 1029.6 R203 870.8  R204 731.3  R205 949.8  R206 875.9  R207 794.0  R208 701.0  R209 854.8
R210 900.5  R211 746.7
RC101 1619.8 RC102 1457.4 RC103 1258.0 RC104 1132.3 RC105 1513.7 RC106 1372.7 RC107 1207.8 RC108 1114.2
RC201 1261.8 RC202 1092.3 RC203 923.7 RC204 783.5 RC205 1154.0 RC206 1051.1 RC207 962.9 RC208 776.1
"""
_CHAO_4 = """
p4.2.a 206  p4.2.b 341  p4.2.c 452  p4.2.d 531  p4.2.e 618  p4.2.f 687  p4.2.g 757  p4.2.h 835  p4.2.i 918
p4.2.j 965  p4.2.k 1022 p4.2.l 1074 p4.2.m 1132 p4.2.n 1174 p4.2.o 1218 p4.2.p 1242 p4.2.q 1268 p4.2.r 1292
p4.2.s 1304 p4.2.t 1306
p4.3.b 38   p4.3.c 193  p4.3.d 335  p4.3.e 468  p4.3.f 579  p4.3.g 653  p4.3.h 729  p4.3.i 809  p4.3.j 861
p4.3.k 919  p4.3.l 979  p4.3.m 1063 p4.3.n 1121 p4.3.o 1172 p4.3.p 1222 p4.3.q 1253 p4.3.r 1273 p4.3.s 1295
p4.3.t 1305
p4.4.d 38   p4.4.e 183  p4.4.f 324  p4.4.g 461  p4.4.h 571  p4.4.i 657  p4.4.j 732  p4.4.k 821  p4.4.l 880
p4.4.m 919  p4.4.n 977  p4.4.o 1061 p4.4.p 1124 p4.4.q 1161 p4.4.r 1216 p4.4.s 1260 p4.4.t 1285
"""


def _table(text: str) -> dict[str, float]:
    words = text.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}


#: By the name in the file, in capitals.
SOLOMON = _table(_SOLOMON)
#: By the name of the file without its ending.
CHAO_4 = _table(_CHAO_4)
