package domain

type dimension string

const (
	dimTemperature dimension = "temperature"
	dimPressure    dimension = "pressure"
	dimFraction    dimension = "volume fraction"
	dimPercent     dimension = "percent"
	dimTime        dimension = "time"
	dimYear        dimension = "calendar year"
	dimLength      dimension = "length"
	dimSpeed       dimension = "speed"
	dimMass        dimension = "mass"
	dimMassRate    dimension = "mass per time"
	dimLeak        dimension = "leak rate"
	dimLeakLength  dimension = "leak rate per length"
	dimMassLength  dimension = "mass rate per length"
	dimAngle       dimension = "angle"
	dimConduct     dimension = "thermal conductivity"
)

// Unit is a unit of the pack: a name that stands before a number, or a thing that is counted.
// Physical units are built in.
type Unit struct {
	Name    string   `yaml:"name"`
	Prefix  bool     `yaml:"prefix"`
	Aliases []string `yaml:"aliases"`

	dim    dimension
	factor float64
	offset float64
	// exact aliases are case-sensitive: C is Celsius, c is not.
	exact bool
	// word units may stand behind an adjective, as in "1,510 mechanical cycles".
	word bool
}

// base converts a value into the base unit of the dimension.
func (u *Unit) base(v float64) float64 { return v*u.factor + u.offset }

// from converts a value from another unit of the same dimension.
func (u *Unit) from(v float64, other *Unit) float64 {
	if u == other || u.dim != other.dim {
		return v
	}
	return (other.base(v) - u.offset) / u.factor
}

func phys(dim dimension, factor float64, names ...string) *Unit {
	return &Unit{Name: names[0], Aliases: names[1:], dim: dim, factor: factor}
}

// builtinUnits are bases in C, bar, ppm, s, m, m/s, kg and mbar l/s.
// Gauge and plain pressures are one dimension: vendors write bar where they mean barg.
// A leak rate per mm and one per m differ by 1000 and are easily taken for each other.
func builtinUnits() []*Unit {
	units := []*Unit{
		phys(dimTemperature, 1, "°C", "deg C", "degrees C", "degree C", "degrees Celsius", "degree Celsius", "Celsius"),
		phys(dimTemperature, 5.0/9, "°F", "deg F", "degrees F", "degree F", "degrees Fahrenheit", "degree Fahrenheit", "Fahrenheit"),
		phys(dimPressure, 1, "bar", "barg", "bar g", "bar(g)"),
		phys(dimPressure, 0.0689476, "psi", "psig", "psi g", "lbf/in2"),
		phys(dimPressure, 0.001, "mbar"),
		phys(dimFraction, 1, "ppm", "ppmv", "ppm v", "ppm by volume", "parts per million"),
		phys(dimPercent, 1, "%", "percent", "per cent", "pct"),
		phys(dimTime, 1, "s", "sec", "second", "seconds"),
		phys(dimTime, 60, "min", "minute", "minutes"),
		phys(dimTime, 3600, "h", "hr", "hrs", "hour", "hours"),
		phys(dimTime, 86400, "day", "days"),
		phys(dimTime, 7*86400, "week", "weeks"),
		phys(dimTime, 365.25*86400/12, "month", "months"),
		phys(dimTime, 365.25*86400, "y", "yr", "yrs", "years"),
		phys(dimLength, 0.001, "mm", "millimetre", "millimetres", "millimeters"),
		phys(dimLength, 1e-6, "um", "micron", "microns", "micrometre", "micrometres", "micrometers"),
		phys(dimLength, 0.0254, "in", "inch", "inches"),
		phys(dimSpeed, 1, "m/s", "metres per second", "meters per second"),
		phys(dimSpeed, 0.3048/60, "ft/min", "fpm", "feet per minute"),
		phys(dimMassRate, 0.45359237, "lb/yr", "lb per year", "pounds per year", "lb a year", "pounds a year"),
		phys(dimMass, 0.45359237, "lb", "lbs", "pounds"),
		phys(dimMass, 1, "kg", "kilograms"),
		phys(dimLeak, 1, "mbar l/s", "mbar*l/s", "mbar.l/s", "mbar-l/s", "mbarl/s"),
		phys(dimLeakLength, 1000, "mbar l/s per mm", "mbar l/s/mm", "mbar*l/s per mm", "mbar.l/s per mm", "mbar l/(s mm)", "mbar*l/(s*mm)", "mbar l s-1 mm-1", "mbar*l*s-1*mm-1"),
		phys(dimLeakLength, 1, "mbar l/(s m)", "mbar l/(s*m)", "mbar*l/(s*m)", "mbar l/s/m", "mbar l/s per m", "mbar l/(m s)", "mbar.l/(s.m)", "mbar l s-1 m-1", "mbar*l*s-1*m-1"),
		phys(dimMassLength, 1, "mg/(s m)", "mg/(s*m)", "mg/(m s)", "mg/(m*s)", "mg/s/m", "mg/s per m", "mg/(s.m)", "mg/s*m", "mg s-1 m-1", "mg*s-1*m-1"),
		phys(dimAngle, 1, "degree", "degrees", "°", "deg"),
		phys(dimConduct, 1, "W/mK", "W/(m K)", "W/(m*K)", "W/m K", "W/m*K"),
	}
	units = append(units, exactUnits()...)
	units[1].offset, units[len(units)-1].offset = -32*5.0/9, -32*5.0/9
	for _, u := range units {
		u.word = u.dim == dimTime || u.Name == "um"
	}
	return append(units, &Unit{Name: "year", dim: dimYear, factor: 1})
}

func exactUnits() []*Unit {
	units := []*Unit{
		phys(dimPressure, 10, "MPa"), phys(dimPressure, 0.01, "kPa"), phys(dimLength, 1, "m"),
		phys(dimTemperature, 1, "C"), phys(dimTemperature, 5.0/9, "F"),
	}
	for _, u := range units {
		u.exact = true
	}
	return units
}
