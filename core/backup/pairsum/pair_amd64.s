#include "textflag.h"

// The constants of FIPS 180-4, section 4.2.2.
DATA k<>+0x00(SB)/8, $0x71374491428a2f98
DATA k<>+0x08(SB)/8, $0xe9b5dba5b5c0fbcf
DATA k<>+0x10(SB)/8, $0x59f111f13956c25b
DATA k<>+0x18(SB)/8, $0xab1c5ed5923f82a4
DATA k<>+0x20(SB)/8, $0x12835b01d807aa98
DATA k<>+0x28(SB)/8, $0x550c7dc3243185be
DATA k<>+0x30(SB)/8, $0x80deb1fe72be5d74
DATA k<>+0x38(SB)/8, $0xc19bf1749bdc06a7
DATA k<>+0x40(SB)/8, $0xefbe4786e49b69c1
DATA k<>+0x48(SB)/8, $0x240ca1cc0fc19dc6
DATA k<>+0x50(SB)/8, $0x4a7484aa2de92c6f
DATA k<>+0x58(SB)/8, $0x76f988da5cb0a9dc
DATA k<>+0x60(SB)/8, $0xa831c66d983e5152
DATA k<>+0x68(SB)/8, $0xbf597fc7b00327c8
DATA k<>+0x70(SB)/8, $0xd5a79147c6e00bf3
DATA k<>+0x78(SB)/8, $0x1429296706ca6351
DATA k<>+0x80(SB)/8, $0x2e1b213827b70a85
DATA k<>+0x88(SB)/8, $0x53380d134d2c6dfc
DATA k<>+0x90(SB)/8, $0x766a0abb650a7354
DATA k<>+0x98(SB)/8, $0x92722c8581c2c92e
DATA k<>+0xa0(SB)/8, $0xa81a664ba2bfe8a1
DATA k<>+0xa8(SB)/8, $0xc76c51a3c24b8b70
DATA k<>+0xb0(SB)/8, $0xd6990624d192e819
DATA k<>+0xb8(SB)/8, $0x106aa070f40e3585
DATA k<>+0xc0(SB)/8, $0x1e376c0819a4c116
DATA k<>+0xc8(SB)/8, $0x34b0bcb52748774c
DATA k<>+0xd0(SB)/8, $0x4ed8aa4a391c0cb3
DATA k<>+0xd8(SB)/8, $0x682e6ff35b9cca4f
DATA k<>+0xe0(SB)/8, $0x78a5636f748f82ee
DATA k<>+0xe8(SB)/8, $0x8cc7020884c87814
DATA k<>+0xf0(SB)/8, $0xa4506ceb90befffa
DATA k<>+0xf8(SB)/8, $0xc67178f2bef9a3f7
GLOBL k<>(SB), NOPTR|RODATA, $256

// flip turns each word around: they are big-endian.
DATA flip<>+0(SB)/8, $0x0405060700010203
DATA flip<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL flip<>(SB), NOPTR|RODATA, $16

// func hasSHA() bool
TEXT ·hasSHA(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JLT  no
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $0x00080200, CX
	CMPL CX, $0x00080200
	JNE  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	SHRL $29, BX
	ANDL $1, BX
	MOVB BX, ret+0(FP)

no:
	RET

// The state of a sum, as the instructions want it: ABEF in one register and CDGH
// in the other.
#define LOAD(from, abef, cdgh, t) \
	MOVOU   (from), abef;      \
	MOVOU   16(from), cdgh;    \
	PSHUFD  $0xb1, abef, abef; \
	PSHUFD  $0x1b, cdgh, cdgh; \
	MOVO    abef, t;           \
	PALIGNR $8, cdgh, abef;    \
	PBLENDW $0xf0, t, cdgh

#define STORE(to, abef, cdgh, t) \
	PSHUFD  $0x1b, abef, abef; \
	PSHUFD  $0xb1, cdgh, cdgh; \
	MOVO    abef, t;           \
	PBLENDW $0xf0, cdgh, abef; \
	PALIGNR $8, t, cdgh;       \
	MOVOU   abef, (to);        \
	MOVOU   cdgh, 16(to)

// READ takes the i-th quarter of a block.
#define READ(i, from, m) \
	MOVOU  (i*16)(from), m; \
	PSHUFB X15, m

// FIRST and SECOND are two rounds each, of the i-th four.
#define FIRST(i, m, abef, cdgh) \
	MOVO        m, X0;          \
	PADDD       (i*16)(AX), X0; \
	SHA256RNDS2 X0, abef, cdgh

#define SECOND(abef, cdgh) \
	PSHUFD      $0x0e, X0, X0; \
	SHA256RNDS2 X0, cdgh, abef

// NEXT makes four words of the message schedule out of the sixteen before them.
#define NEXT(m, before, next, t) \
	MOVO       m, t;          \
	PALIGNR    $4, before, t; \
	PADDD      t, next;       \
	SHA256MSG2 m, next

// Four rounds: at the start of a block, as long as words are still to come, and at
// its end.
#define FOUR_OF_BLOCK(i, from, m, before, abef, cdgh) \
	READ(i, from, m);        \
	FIRST(i, m, abef, cdgh); \
	SECOND(abef, cdgh);      \
	SHA256MSG1 m, before

#define FOUR(i, m, before, next, abef, cdgh, t) \
	FIRST(i, m, abef, cdgh);    \
	NEXT(m, before, next, t);   \
	SECOND(abef, cdgh);         \
	SHA256MSG1 m, before

#define FOUR_AT_END(i, m, before, next, abef, cdgh, t) \
	FIRST(i, m, abef, cdgh);  \
	NEXT(m, before, next, t); \
	SECOND(abef, cdgh)

// BOTH is the same for both streams. The processor works at the second one while
// the first waits for itself.
#define BOTH(i, a, aBefore, aNext, b, bBefore, bNext) \
	FOUR(i, a, aBefore, aNext, X1, X2, X7); \
	FOUR(i, b, bBefore, bNext, X8, X9, X14)

// func blocks(a *[8]uint32, p []byte, b *[8]uint32, q []byte)
//
// X0 is what the rounds take, X15 the mask. The first stream has its state in X1
// and X2, words in X3 to X6 and X7 to spare; the second has X8 and X9, X10 to X13
// and X14.
TEXT ·blocks(SB), NOSPLIT, $64-64
	MOVQ  a+0(FP), DI
	MOVQ  p_base+8(FP), SI
	MOVQ  p_len+16(FP), DX
	MOVQ  b+32(FP), R8
	MOVQ  q_base+40(FP), R9
	SHRQ  $6, DX
	JZ    done
	LEAQ  k<>(SB), AX
	MOVOU flip<>(SB), X15
	LOAD(DI, X1, X2, X7)
	LOAD(R8, X8, X9, X14)

block:
	MOVOU X1, state-64(SP)
	MOVOU X2, state-48(SP)
	MOVOU X8, state-32(SP)
	MOVOU X9, state-16(SP)

	READ(0, SI, X3)
	FIRST(0, X3, X1, X2)
	SECOND(X1, X2)
	READ(0, R9, X10)
	FIRST(0, X10, X8, X9)
	SECOND(X8, X9)
	FOUR_OF_BLOCK(1, SI, X4, X3, X1, X2)
	FOUR_OF_BLOCK(1, R9, X11, X10, X8, X9)
	FOUR_OF_BLOCK(2, SI, X5, X4, X1, X2)
	FOUR_OF_BLOCK(2, R9, X12, X11, X8, X9)
	READ(3, SI, X6)
	READ(3, R9, X13)
	BOTH(3, X6, X5, X3, X13, X12, X10)
	BOTH(4, X3, X6, X4, X10, X13, X11)
	BOTH(5, X4, X3, X5, X11, X10, X12)
	BOTH(6, X5, X4, X6, X12, X11, X13)
	BOTH(7, X6, X5, X3, X13, X12, X10)
	BOTH(8, X3, X6, X4, X10, X13, X11)
	BOTH(9, X4, X3, X5, X11, X10, X12)
	BOTH(10, X5, X4, X6, X12, X11, X13)
	BOTH(11, X6, X5, X3, X13, X12, X10)
	BOTH(12, X3, X6, X4, X10, X13, X11)
	FOUR_AT_END(13, X4, X3, X5, X1, X2, X7)
	FOUR_AT_END(13, X11, X10, X12, X8, X9, X14)
	FOUR_AT_END(14, X5, X4, X6, X1, X2, X7)
	FOUR_AT_END(14, X12, X11, X13, X8, X9, X14)
	FIRST(15, X6, X1, X2)
	SECOND(X1, X2)
	FIRST(15, X13, X8, X9)
	SECOND(X8, X9)

	MOVOU state-64(SP), X7
	PADDD X7, X1
	MOVOU state-48(SP), X7
	PADDD X7, X2
	MOVOU state-32(SP), X14
	PADDD X14, X8
	MOVOU state-16(SP), X14
	PADDD X14, X9
	ADDQ  $64, SI
	ADDQ  $64, R9
	DECQ  DX
	JNZ   block
	STORE(DI, X1, X2, X7)
	STORE(R8, X8, X9, X14)

done:
	RET
