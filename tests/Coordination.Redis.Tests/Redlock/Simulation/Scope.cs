namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>How large a schedule is.</summary>
/// <param name="Lasts">How long it is from the first leases on.</param>
/// <param name="Clients">How many clients there are, from and to.</param>
/// <param name="Workers">How many workers each has, from and to.</param>
/// <param name="Faults">How many faults there are in all; <see langword="null"/> for some at each master.</param>
internal sealed record Scope(TimeSpan Lasts, (int From, int To) Clients, (int From, int To) Workers, int? Faults)
{
    public static Scope Long { get; } = new(TimeSpan.FromSeconds(1.5), Clients: (2, 4), Workers: (1, 3), Faults: null);

    public static Scope Middle { get; } = new(TimeSpan.FromSeconds(0.8), Clients: (2, 3), Workers: (1, 2), Faults: 3);

    public static Scope Small { get; } = new(TimeSpan.FromSeconds(0.25), Clients: (2, 2), Workers: (1, 1), Faults: 2);

    // Most schedules are as small as can be, a fault or two upon a few leases: many different beginnings find more than long middles. Some are longer, for what
    // takes one lease after another.
    private static readonly Scope[] All = [.. Enumerable.Repeat(Small, 94), .. Enumerable.Repeat(Middle, 5), Long];

    public static Scope Draw(Random random) => All[random.Next(All.Length)];
}
