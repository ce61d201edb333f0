"""One plane of an image, or a band of it, laid out with zeros around it so that taps read it in place.

A grid of positions p, q looks at a source plane through taps: tap t of an axis sees the source position
p*step + offset[t], or zero outside. For each row and column copy of the axes (see band.pxd: one, or one for each phase
of a step, or one for each tap) the band holds

    margin: zeros | line 0, zeros up to `pitch` | line 1, zeros | ...    (zeros behind a line are those before the next)

    value of tap (r, s) at position (p, q)  =  to[place(r, s) + p*pitch + q]

Lines begin with their first pixel inside the source at a multiple of LANES, as far as the first band of columns goes.
"""
from .band cimport Axis, arrange, ceil_div, clamp
from .workspace cimport LINE
from .simd cimport (
    LANES, copy_reals, prefetch, real, vec, vec_load, vec_load_even, vec_load_odd, vec_load_part, vec_set, vec_store,
)

cdef enum:
    BAND_BYTES = 20480          # of a band, about: it stays in L1, with what is written
    BAND_COLUMNS = 512          # most grid columns in a band
    BAND_ROWS = 8               # fewest grid rows, or as many as are laid out twice


cdef struct Plane:
    Axis row, column
    Py_ssize_t rows, row_items, columns, column_items       # of the grid, in a band; number of bands
    Py_ssize_t margin, pitch, copy                          # reals before the first line, from line to line, of a copy
    Py_ssize_t size                                         # reals in all


cdef inline Py_ssize_t whole(Py_ssize_t count) noexcept nogil:
    """Rounded up to whole vectors."""
    return ceil_div(count, LANES) * LANES


cdef inline void arrange_few_lines(Axis* axis, Py_ssize_t grid) noexcept nogil:
    cdef Py_ssize_t together
    arrange(axis, False)
    together = axis.copies * (grid + axis.reach)
    arrange(axis, True)
    if together <= axis.copies * grid:
        arrange(axis, False)


cdef inline Py_ssize_t lead(const Plane* v, Py_ssize_t copy) noexcept nogil:
    """Zeros at the beginning of a line in the first band of columns."""
    return clamp(ceil_div(-v.column.tap[copy].origin, v.column.step), 0, v.columns + v.column.reach)


cdef inline void lay_out(Plane* v) noexcept nogil:
    """Choose copies and sizes for the axes that the caller has set."""
    cdef Py_ssize_t copies, b
    v.column_items = ceil_div(v.column.grid, BAND_COLUMNS)
    v.columns = ceil_div(v.column.grid, v.column_items)
    arrange_few_lines(&v.column, v.columns)
    arrange_few_lines(&v.row, min(v.row.grid, BAND_COLUMNS))
    copies = v.row.copies * v.column.copies
    v.pitch = whole(v.columns + v.column.reach)
    v.rows = BAND_BYTES // <Py_ssize_t>sizeof(real) // (v.pitch * max(copies, 1)) - v.row.reach
    v.rows = clamp(v.rows, min(max(BAND_ROWS, v.row.reach), v.row.grid), v.row.grid)
    v.row_items = ceil_div(v.row.grid, v.rows)
    v.rows = min(ceil_div(ceil_div(v.row.grid, v.row_items), 4) * 4, v.row.grid)
    v.row_items = ceil_div(v.row.grid, v.rows)
    v.margin = 0
    for b in range(v.column.copies):
        v.margin = max(v.margin, whole(lead(v, b)))
    v.copy = v.margin + (v.rows + v.row.reach) * v.pitch + 2 * LANES
    v.size = copies * v.copy


cdef inline Py_ssize_t place(const Plane* v, Py_ssize_t r, Py_ssize_t s) noexcept nogil:
    """Where a tap finds the value of position (0, 0)."""
    cdef Py_ssize_t copy = v.column.tap[s].copy
    return ((v.row.tap[r].copy * v.column.copies + copy) * v.copy + v.margin - lead(v, copy)
            + v.row.tap[r].shift * v.pitch + v.column.tap[s].shift)


cdef inline Py_ssize_t kernel_of(const Axis* axis, Py_ssize_t first, Py_ssize_t taps,
                                 Py_ssize_t columns) noexcept nogil:
    """How many taps of a column `slide` and `dots` take at a time."""
    cdef Py_ssize_t r
    for r in range(first, first + taps):
        if axis.tap[r].copy != axis.tap[first].copy or axis.tap[r].shift != axis.tap[first].shift + r - first:
            return 1
    return taps if taps == 5 or taps == 7 or taps == columns == 3 else 1


cdef struct Unit:               # a band of a plane of the destination
    Py_ssize_t plane
    Py_ssize_t row, rows, column, columns       # of the grid
    Py_ssize_t width            # columns of the destination


cdef inline Unit unit_of(const Plane* v, Py_ssize_t number) noexcept nogil:
    cdef Unit u
    u.column = number % v.column_items * v.columns
    u.columns = min(v.columns, v.column.grid - u.column)
    number //= v.column_items
    u.row = number % v.row_items * v.rows
    u.rows = min(v.rows, v.row.grid - u.row)
    u.plane = number // v.row_items
    return u


cdef inline void zeros(real* to, Py_ssize_t count) noexcept nogil:
    """Up to LANES - 1 more than count."""
    cdef Py_ssize_t i = 0
    while i < count:
        vec_store(to + i, vec_set(0))
        i += LANES


cdef inline void pick(real* to, const real* line, Py_ssize_t count, Py_ssize_t step, const real* end) noexcept nogil:
    """Every step-th of a line; of a short one LANES are written. Nothing is read at `end` and beyond."""
    cdef Py_ssize_t i = 0, last = max(count - LANES, 0)
    if step == 1:
        if count >= LANES:
            copy_reals(to, line, count)
        elif line + LANES <= end:
            vec_store(to, vec_load(line))
        else:
            vec_store(to, vec_load_part(line, count))
        return
    if step == 2 and line + 2 * (last + LANES) <= end:
        while i < count:
            i = min(i, last)
            vec_store(to + i, vec_load_even(line + 2 * i))
            i += LANES
    for i in range(i, count):
        to[i] = line[i * step]


cdef inline void split(real* even, real* odd, const real* line, Py_ssize_t evens, Py_ssize_t odds,
                       const real* end) noexcept nogil:
    """A line by turns into two; `evens` is `odds` or one more."""
    cdef Py_ssize_t i = 0, last = max(odds - LANES, 0)
    cdef vec x, y
    if line + 2 * (last + LANES) <= end:
        while i < odds:
            i = min(i, last)
            x, y = vec_load_even(line + 2 * i), vec_load_odd(line + 2 * i)
            vec_store(even + i, x)
            vec_store(odd + i, y)
            i += LANES
    for i in range(i, odds):
        even[i], odd[i] = line[2 * i], line[2 * i + 1]
    if evens > odds:
        even[odds] = line[2 * odds]


cdef struct Lines:              # of one copy
    Py_ssize_t left, count      # zeros, then pixels
    Py_ssize_t first            # source column of the first pixel
    real* to                    # where the first pixel of the first line goes


cdef inline Lines lines_of(const Plane* v, Py_ssize_t row_copy, Py_ssize_t copy, Py_ssize_t column, Py_ssize_t columns,
                           real* to) noexcept nogil:
    cdef Lines lines
    cdef Py_ssize_t step = v.column.step, origin = v.column.tap[copy].origin + column * step
    cdef Py_ssize_t width = columns + v.column.reach
    lines.left = clamp(ceil_div(-origin, step), 0, width)
    lines.count = clamp(ceil_div(v.column.size - origin, step), lines.left, width) - lines.left
    lines.first = origin + lines.left * step
    lines.to = to + (row_copy * v.column.copies + copy) * v.copy + v.margin - lead(v, copy) + lines.left
    return lines


cdef inline bint take_turns(const Lines* one, const Lines* two) noexcept nogil:
    """Whether the pixels of two copies with step 2 follow each other in the source, one's first."""
    return two.first == one.first + 1 and two.count <= one.count and one.count <= two.count + 1


cdef inline void fill(const Plane* v, const real* source, const real* end, Py_ssize_t row, Py_ssize_t rows,
                      Py_ssize_t column, Py_ssize_t columns, Py_ssize_t ahead, real* to) noexcept nogil:
    """Lay out the band of grid rows and columns that begins at (row, column); nothing is read at `end`.

    ahead: reals from the source to the one that is laid out next
    """
    cdef Py_ssize_t a, b, y, h, i
    cdef Lines one, two
    cdef const real* line
    cdef bint both
    for a in range(v.row.copies):
        b = 0
        while b < v.column.copies:
            one = two = lines_of(v, a, b, column, columns, to)
            zeros(one.to - one.left, one.left)
            both = False
            if v.column.step == 2 and b + 1 < v.column.copies:
                two = lines_of(v, a, b + 1, column, columns, to)
                zeros(two.to - two.left, two.left)
                if take_turns(&two, &one):
                    one, two = two, one
                both = take_turns(&one, &two)
            for y in range(rows + v.row.reach):
                h = (row + y) * v.row.step + v.row.tap[a].origin
                if h < 0 or h >= v.row.size or one.count == 0:
                    zeros(one.to, v.pitch)
                    if both:
                        zeros(two.to, v.pitch)
                else:
                    line = source + h * v.column.size + one.first
                    i = 0
                    while ahead and i < one.count * v.column.step:
                        prefetch(line + ahead + i)
                        i += LINE // <Py_ssize_t>sizeof(real)
                    if both:
                        split(one.to, two.to, line, one.count, two.count, end)
                        zeros(two.to + two.count, v.pitch - two.count)
                    else:
                        pick(one.to, line, one.count, v.column.step, end)
                    zeros(one.to + one.count, v.pitch - one.count)
                one.to += v.pitch
                two.to += v.pitch
            b += 2 if both else 1
