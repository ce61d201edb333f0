"""A band of images laid out so that the taps of a convolution read it in place.

A grid of P x Q positions looks at a source image through taps: tap t of an axis sees, at position p, the source
position p*step + offset[t], or zero outside the image. The band holds, for some images, rows and columns of the grid,
copies of the source in which neighbours on the grid are neighbours in memory. Numbered in one sequence over rows and
images, the positions of the band then need one offset per tap:

    value of tap (c, r, s) at position t  =  band[offset(c, r, s) + t]

Each axis is laid out in one of two ways:
    together   one copy for all taps (one per phase for step > 1), with `reach` more lines for taps beyond the first;
               what is computed for the last `reach` columns of a row (and rows of an image) is thrown away
    apart      one copy for each tap and nothing thrown away: for large dilations and small images
so that nothing is copied more often than it pays, and neither stride nor dilation costs more than that copy. Where no
tap leaves the image and steps are 1, the image itself is such a band, and nothing is copied at all.

A window is the other way to lay out the same values: the source itself, rows and columns as they are, with a border of
zeros. Positions are then `step` apart, so that each has a place of its own:

    value of tap (c, r, s) at position t  =  window[place[t] + offset(c, r, s)]

Nothing is copied twice and no position is thrown away, but positions can only be read one by one. Where no tap leaves
the image, the image is its own window. Only a window serves an axis of several phases: there position p stands at
(p + lead) // phases * step, and meets the taps of phase (p + lead) % phases.
"""
from .simd cimport (
    LANES, POINTS, TILE_COLUMNS, TILE_ROWS, TILE_VECTORS, copy_reals, prefetch, real, vec_load, vec_load_even,
    vec_store, zero_reals,
)
from .tile cimport MOST_VECTORS
from .workspace cimport LINE_REALS, whole_lines

cdef enum:
    COLUMNS = 512               # most grid columns in a band
    BAND = 24576                # reals in a band, about: it stays in L2
    ITEM_CYCLES = 500           # to begin and end an item, and a line of a copy, about
    LINE_CYCLES = 12
    TAPS = 256                  # taps summed before the next channels are laid out, about: their weights stay in L1
    ASKED = 1024                # reals of the next two planes that are asked for at a time, else of one
    PER_SHARED = 4              # lines in a window for one that the next has too, if all taps are summed at once
    WINDOW = 49152              # reals in a window, about: it stays in L2
    STORE_CYCLES = 5            # to turn a vector of channels, about
    MOST_OFFSET = 0x7fffffff    # from a position to a tap, as tiles of points have them


cdef struct Tap:
    Py_ssize_t offset           # source row or column that position 0 sees
    Py_ssize_t index            # the tap's row or column in the kernel
    Py_ssize_t copy, shift      # which copy it reads, and from which line on
    Py_ssize_t origin           # of the copy with this tap's number: source position of its first line
    Py_ssize_t phase            # the positions that it meets, where an axis has several


cdef struct Axis:
    Py_ssize_t size             # of the source
    Py_ssize_t grid, step       # step: of the source, from position to position of a phase
    Py_ssize_t phases, lead     # position p has phase (p + lead) % phases
    Py_ssize_t taps, skip       # skip: from tap to tap of a phase
    Tap* tap
    Py_ssize_t copies, reach    # reach: lines that taps see beyond those of the first tap
    Py_ssize_t every, pace      # source lines from line to line of a copy; lines of a copy from position to position


cdef struct Band:
    Axis row, column
    Py_ssize_t N, channels, rows            # of the whole convolution: images, channels summed over, output channels
    Py_ssize_t images, image_items          # in an item; number of items
    Py_ssize_t band_rows, row_items
    Py_ssize_t columns, column_items
    Py_ssize_t pitch, image_size, plane     # reals from row to row, image to image, copy to copy
    Py_ssize_t chunk                        # channels laid out at a time
    Py_ssize_t flat                         # positions in an item, those that are thrown away included
    bint in_place                           # the image itself, but for what would read beyond the last one
    Py_ssize_t size                         # reals to allocate, in whole lines


cdef struct Piece:                          # an item
    Py_ssize_t group, image, images, row, rows, column, columns


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return -((-a) // b) if a < 0 else (a + b - 1) // b


cdef inline Py_ssize_t clamp(Py_ssize_t x, Py_ssize_t low, Py_ssize_t high) noexcept nogil:
    return low if x < low else (high if x > high else x)


cdef inline Py_ssize_t stand(const Axis* axis, Py_ssize_t position) noexcept nogil:
    """The source position to which the offsets of taps are added."""
    if axis.phases == 1:                                  # a division takes as long as ten additions
        return (position + axis.lead) * axis.step
    return (position + axis.lead) // axis.phases * axis.step


cdef inline void arrange(Axis* axis, bint apart) noexcept nogil:
    cdef Py_ssize_t t, low = 0, origin, copy
    axis.copies, axis.reach, axis.every, axis.pace = 0, 0, axis.step, 1
    for t in range(axis.taps):
        low = axis.tap[t].offset if t == 0 else min(low, axis.tap[t].offset)
    for t in range(axis.taps):
        origin = axis.tap[t].offset
        if not apart:
            origin = low + (origin - low) % axis.step
        axis.tap[t].shift = (axis.tap[t].offset - origin) // axis.step
        axis.reach = max(axis.reach, axis.tap[t].shift)
        copy = axis.copies if apart else 0
        while copy < axis.copies and axis.tap[copy].origin != origin:
            copy += 1
        if copy == axis.copies:
            axis.tap[copy].origin = origin
            axis.copies += 1
        axis.tap[t].copy = copy


cdef inline void frame(Axis* axis) noexcept nogil:
    """Arrange an axis that has taps as a window: one copy of every source line between the first and the last."""
    cdef Py_ssize_t t, low = axis.tap[0].offset
    for t in range(axis.taps):
        low = min(low, axis.tap[t].offset)
    axis.copies, axis.reach, axis.every, axis.pace = 1, 0, 1, axis.step
    axis.tap[0].origin = low
    for t in range(axis.taps):
        axis.tap[t].copy, axis.tap[t].shift = 0, axis.tap[t].offset - low
        axis.reach = max(axis.reach, axis.tap[t].shift)


cdef inline Py_ssize_t lines_of(const Axis* axis, Py_ssize_t positions) noexcept nogil:
    """How many lines of a copy the taps of so many positions see, at most."""
    cdef Py_ssize_t last = positions - 1
    if axis.phases > 1:
        last = (last + axis.phases - 1) // axis.phases
    return last * axis.pace + axis.reach + 1


cdef inline bint covers(const Axis* axis) noexcept nogil:
    """Whether the first copy of an axis, laid out together, is the source."""
    return axis.step == 1 and axis.taps > 0 and axis.tap[0].origin == 0 and axis.grid + axis.reach == axis.size


cdef inline void deal_images(Band* band, Py_ssize_t wanted, Py_ssize_t most) noexcept nogil:
    """Items of about so many images; a multiple of the items that there are with `most`, which threads can share."""
    cdef Py_ssize_t least = ceil_div(band.N, most)
    band.image_items = ceil_div(band.N, clamp(wanted, 1, most))
    band.image_items = min(ceil_div(band.image_items, least) * least, band.N)
    band.images = ceil_div(band.N, band.image_items)


cdef enum Way:                              # bits
    ROWS_APART = 1
    COLUMNS_APART = 2
    ONE_IMAGE = 4                           # in an item, also if it is small
    IN_PLACE = 8


cdef inline double lay_out(Band* band, int way, Py_ssize_t most_images, Py_ssize_t flat, bint exact,
                           Py_ssize_t align) noexcept nogil:
    """Choose the sizes, for bands of about `flat` positions; return the cycles that a channel costs, about."""
    cdef Py_ssize_t items, lines
    arrange(&band.row, way & ROWS_APART != 0)
    arrange(&band.column, way & COLUMNS_APART != 0)
    band.in_place = way == IN_PLACE
    band.column_items = ceil_div(band.column.grid, COLUMNS)
    band.columns = ceil_div(band.column.grid, band.column_items)
    band.pitch = ceil_div(band.columns + band.column.reach, align) * align
    band.row_items = ceil_div(band.row.grid, clamp(flat // band.pitch, 1, band.row.grid))
    band.band_rows = ceil_div(band.row.grid, band.row_items)
    band.image_size = (band.band_rows + band.row.reach) * band.pitch
    if band.row_items == 1 and band.column_items == 1 and way < ONE_IMAGE and not (exact and band.row.reach):
        deal_images(band, flat // band.image_size, most_images)
    else:
        deal_images(band, 1, 1)
    band.plane = band.images * band.image_size
    band.flat = band.plane - band.row.reach * band.pitch
    items = band.image_items * band.row_items * band.column_items
    lines = items * band.row.copies * band.column.copies * band.images * (band.band_rows + band.row.reach)
    if band.in_place:
        lines = 0
    return (items * ITEM_CYCLES / <double>band.channels + lines * (LINE_CYCLES + 2.0 * band.pitch / LANES)
            + items * ceil_div(band.flat, TILE_COLUMNS) * TILE_COLUMNS * band.row.taps * band.column.taps
            * band.rows / (2.0 * LANES))


cdef inline double plan(Band* band, Py_ssize_t most_images, Py_ssize_t flat, bint exact,
                        Py_ssize_t align) noexcept nogil:
    """Lay out a band for axes, N, channels and rows that the caller has set; return the cycles that a channel costs.

    exact: no positions that are thrown away, within rows and within images
    align: rows begin at multiples of it and end in zeros
    """
    cdef int attempt, way, best = -1
    cdef double cost, least = 0
    cdef Py_ssize_t copies
    for attempt in range(IN_PLACE + 2):
        way = attempt if attempt <= IN_PLACE else best
        if most_images == 1 and ONE_IMAGE <= way < IN_PLACE:        # would be the same again
            continue
        cost = lay_out(band, way, most_images, flat, exact, align)
        if exact and band.column.reach:
            continue
        if way == IN_PLACE and not (covers(&band.row) and covers(&band.column) and band.column_items == align == 1):
            continue
        if best < 0 or cost < least:
            best, least = way, cost
    copies = max(band.row.copies * band.column.copies, 1)
    band.chunk = clamp(BAND // (copies * band.plane), 1, band.channels)
    band.chunk = clamp(TAPS // max(band.row.taps * band.column.taps, 1), 1, band.chunk)
    band.chunk = ceil_div(band.channels, ceil_div(band.channels, band.chunk))
    band.size = whole_lines(band.chunk * copies * band.plane + band.column.reach + MOST_VECTORS * LANES)
    return least


cdef inline Py_ssize_t most_taps(const Axis* axis) noexcept nogil:
    """Of a phase."""
    return axis.taps if axis.skip == 1 else ceil_div(axis.taps, axis.skip)


cdef inline bint inside(const Axis* axis) noexcept nogil:
    """Whether no tap of a window leaves the source."""
    cdef Py_ssize_t first = stand(axis, 0) + axis.tap[0].origin
    return first >= 0 and first + lines_of(axis, axis.grid) <= axis.size


cdef inline double plan_window(Band* band, Py_ssize_t most_images, Py_ssize_t flat, Py_ssize_t taps,
                               Py_ssize_t image_step) noexcept nogil:
    """Lay out a window for axes, N, channels and rows that the caller has set; return the cycles that a channel costs.

    flat, taps: how many positions and taps are wanted at a time; image_step: of the source
    Each tile meets a cache line for each row of taps, which counts if there are few columns of them.
    """
    cdef Py_ssize_t items, lines, rows, phases = band.row.phases * band.column.phases, image
    cdef double meet = band.row.taps * band.column.taps / <double>phases    # taps of a position
    frame(&band.row)
    frame(&band.column)
    band.column_items = ceil_div(band.column.grid, COLUMNS)
    band.columns = ceil_div(band.column.grid, band.column_items)
    rows = flat // band.columns
    if band.channels * band.row.taps * band.column.taps <= taps:
        rows = max(rows, min(PER_SHARED * (band.row.reach + 1 - band.row.pace) // band.row.pace, 3 * rows))
    band.row_items = ceil_div(band.row.grid, clamp(rows, 1, band.row.grid))
    band.band_rows = ceil_div(band.row.grid, band.row_items)
    if band.row_items == band.column_items == 1:
        image = band.band_rows * band.columns
        # Rather more than asked for if weights are for the positions of a phase only.
        deal_images(band, (flat + (image // 2 if phases > 1 else 0)) // image, most_images)
    else:
        deal_images(band, 1, 1)
    band.in_place = inside(&band.row) and inside(&band.column) and band.images * image_step <= MOST_OFFSET
    band.flat = band.images * band.band_rows * band.columns
    band.pitch = lines_of(&band.column, band.columns)
    lines = lines_of(&band.row, band.band_rows)
    band.image_size = lines * band.pitch
    band.plane = band.images * band.image_size
    band.chunk = band.channels
    if not band.in_place:
        band.chunk = clamp(WINDOW // band.plane, 1, band.channels)
    band.chunk = clamp(taps // (most_taps(&band.row) * most_taps(&band.column)), 1, band.chunk)
    band.chunk = ceil_div(band.channels, ceil_div(band.channels, band.chunk))
    band.size = whole_lines(band.chunk * band.plane)
    items = band.image_items * band.row_items * band.column_items
    lines *= items * band.images
    if band.in_place:
        band.pitch, band.image_size, band.plane = band.column.size, image_step, band.row.size * band.column.size
        band.size, lines = 0, 0
    return (items * ITEM_CYCLES / <double>band.channels + lines * (LINE_CYCLES + 2.0 * band.pitch / LANES)
            + items * band.flat * ceil_div(band.rows, LANES)
            * (0.5 * meet + 0.75 * band.row.taps / (band.row.phases * TILE_ROWS * TILE_VECTORS)
               + STORE_CYCLES / <double>band.channels))


cdef inline Piece piece(const Band* band, Py_ssize_t item) noexcept nogil:
    cdef Piece p
    p.column = item % band.column_items * band.columns
    p.columns = min(band.columns, band.column.grid - p.column)
    item //= band.column_items
    p.row = item % band.row_items * band.band_rows
    p.rows = min(band.band_rows, band.row.grid - p.row)
    item //= band.row_items
    p.image = item % band.image_items * band.N // band.image_items
    p.images = (item % band.image_items + 1) * band.N // band.image_items - p.image
    p.group = item // band.image_items
    return p


cdef inline void tap_offsets(const Band* band, Py_ssize_t plane, Py_ssize_t* offsets) noexcept nogil:
    """Where the taps of one chunk of channels find the value of position 0, in the order c, r, s."""
    cdef Py_ssize_t c, r, s
    cdef const Tap* row
    cdef const Tap* column
    for c in range(band.chunk):
        for r in range(band.row.taps):
            row = &band.row.tap[r]
            for s in range(band.column.taps):
                column = &band.column.tap[s]
                offsets[0] = (((c * band.row.copies + row.copy) * band.column.copies + column.copy) * plane
                              + row.shift * band.pitch + column.shift)
                offsets += 1


cdef inline void ask_ahead(const Band* band, const Piece* at, const real* source, Py_ssize_t image_step) noexcept nogil:
    """Ask for the rows of a plane that an item sees: caches do not foresee the way from one plane to the next."""
    cdef const Axis* row = &band.row
    cdef Py_ssize_t top = stand(row, at.row), first = top + row.tap[0].origin, n, x
    cdef Py_ssize_t last = top + row.tap[row.copies - 1].origin + (lines_of(row, at.rows) - 1) * row.every
    cdef Py_ssize_t start = clamp(first, 0, row.size) * band.column.size
    cdef Py_ssize_t stop = clamp(last + 1, 0, row.size) * band.column.size
    for n in range(at.images):
        x = start
        while x < stop:
            prefetch(source + n * image_step + x)
            x += LINE_REALS


cdef inline void fill(const Band* band, const Piece* at, const real* source, Py_ssize_t channels,
                      Py_ssize_t image_step, real* to) noexcept nogil:
    """Lay out `channels` planes of the source; each is row.size x column.size, images are image_step apart."""
    cdef Py_ssize_t c, a, b, n, y, x, h, left, right, origin, step = band.column.every
    cdef Py_ssize_t width = lines_of(&band.column, at.columns), height = lines_of(&band.row, at.rows)
    cdef const real* line
    cdef real* out
    cdef Py_ssize_t ahead = 2 if 2 * at.images * height * band.column.size <= ASKED else 1
    cdef Py_ssize_t top = stand(&band.row, at.row), side = stand(&band.column, at.column)
    for c in range(channels):
        if c + ahead < channels and at.rows < band.row.grid:         # whole planes follow each other
            ask_ahead(band, at, source + (c + ahead) * band.row.size * band.column.size, image_step)
        for a in range(band.row.copies):
            for b in range(band.column.copies):
                origin = band.column.tap[b].origin + side
                left = clamp(ceil_div(-origin, step), 0, width)
                right = clamp(ceil_div(band.column.size - origin, step), left, width)
                out = to + ((c * band.row.copies + a) * band.column.copies + b) * band.plane
                for n in range(at.images):
                    for y in range(height):
                        h = top + y * band.row.every + band.row.tap[a].origin
                        if h < 0 or h >= band.row.size or left == right:
                            zero_reals(out, band.pitch)
                            out += band.pitch
                            continue
                        line = source + n * image_step + (c * band.row.size + h) * band.column.size + origin
                        zero_reals(out, left)
                        if step == 1:
                            copy_reals(out + left, line + left, right - left)
                        else:
                            x = left
                            while step == 2 and x + LANES <= right and origin + 2 * (x + LANES) <= band.column.size:
                                vec_store(out + x, vec_load_even(line + 2 * x))
                                x += LANES
                            for x in range(x, right):
                                out[x] = line[x * step]
                        zero_reals(out + right, band.pitch - right)
                        out += band.pitch


cdef inline const real* positions(const Band* band, const Piece* at, const real* source, Py_ssize_t channels,
                                  Py_ssize_t image_step, const real* end, Py_ssize_t length, real* to,
                                  const Py_ssize_t* offsets, const Py_ssize_t** found) noexcept nogil:
    """Position 0 of a band of which `length` positions are read: in the image, or laid out in `to`.

    offsets: those for bands and POINTS more, then those for images; found: which of them to use. The images end at
    `end`. A tile may read the offsets of a whole chunk where there are fewer channels, if it rounds their number up.
    """
    cdef Py_ssize_t taps = band.chunk * band.row.taps * band.column.taps
    cdef Py_ssize_t area = band.row.size * band.column.size, first = at.row * band.pitch
    if band.in_place and (source + first + (band.chunk - 1) * area + band.row.reach * band.pitch + band.column.reach
                          + length <= end):
        found[0] = offsets + taps + POINTS
        return source + first
    found[0] = offsets
    fill(band, at, source, channels, image_step, to)
    return to


cdef inline const real* window(const Band* band, const Piece* at, const real* source, Py_ssize_t channels,
                               Py_ssize_t image_step, real* to) noexcept nogil:
    """The window of an item, in the image or laid out in `to`."""
    if band.in_place:
        return (source + (stand(&band.row, at.row) + band.row.tap[0].origin) * band.pitch
                + stand(&band.column, at.column) + band.column.tap[0].origin)
    fill(band, at, source, channels, image_step, to)
    return to
