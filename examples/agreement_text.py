"""A text without meaning, endless and made up here, in which the end of a sentence agrees with its beginning.

    Dabo mira tesu ... kilo ruvote. Pemi sola ...

A sentence is a noun, some small words and a verb. Nouns, the only words with a capital, belong to four classes, which
nothing but the noun itself tells; the verb's last letter says which class it was. So whoever guesses that letter must
have read a word up to 100 characters before it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LETTERS = " .abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ENDINGS = "aeio"  # of verbs, one for each class of nouns
NOUNS_PER_CLASS = 1
LONGEST = 60  # characters from a noun's first letter to the letter that agrees with it

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Excerpt:
    """Text as `codes` into LETTERS, (L,), the `places` of agreeing letters, and how far before lies their noun."""

    codes: Codes
    places: Codes
    distances: Codes

    def __str__(self) -> str:
        return "".join(LETTERS[code] for code in self.codes)


class Grammar:
    """Words of a language; equal seeds speak the same one."""

    def __init__(self, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        words = [_word(chance, 2) for _ in range(400)]
        words = list(dict.fromkeys(words))
        n_nouns = len(ENDINGS) * NOUNS_PER_CLASS
        self.nouns = [word.capitalize() for word in words[:n_nouns]]  # noun i has class i % 4
        self.stems = words[n_nouns : n_nouns + 4]
        self.small = words[n_nouns + 4 : n_nouns + 20]

    def write(self, length: int, chance: np.random.Generator) -> Excerpt:
        """`length` characters from somewhere in a text. Letters whose noun is before the beginning are not counted."""
        text, places, nouns = "", [], []
        skipped = int(chance.integers(LONGEST))
        while len(text) < skipped + length:
            sentence, noun = self._sentence(chance), len(text)
            text += sentence + " "
            nouns.append(noun)
            places.append(noun + len(sentence) - 2)  # before the full stop
        where = np.array(places) - skipped
        before = np.array(nouns) - skipped
        inside = (before >= 0) & (where < length)
        codes = np.array([LETTERS.index(letter) for letter in text[skipped : skipped + length]])
        return Excerpt(codes, where[inside], (where - before)[inside])

    def _sentence(self, chance: np.random.Generator) -> str:
        noun = int(chance.integers(len(self.nouns)))
        rest = int(chance.integers(LONGEST - 20))
        words = [self.nouns[noun]]
        while rest > 0:
            words.append(str(chance.choice(self.small)))
            rest -= len(words[-1]) + 1
        verb = str(chance.choice(self.stems)) + "t" + ENDINGS[noun % len(ENDINGS)]
        return " ".join([*words, verb]) + "."


def _word(chance: np.random.Generator, syllables: int) -> str:
    letters = ("bdfgklmnprsvz", "aeiou") * syllables
    return "".join(str(chance.choice(list(each))) for each in letters)
