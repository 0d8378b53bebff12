using System.Reflection;

namespace Coordination.Torture.Simulation;

/// <summary>
/// Makes <see cref="Random.Shared"/> of this thread repeat itself: retries draw their jitter from it (through Polly), so that without this a seed would not give the
/// same history twice. The runtime offers no way to seed it; its state is set from outside, and only in the process of the simulation.
/// </summary>
internal static class SharedChance
{
    private static readonly FieldInfo State = FindState();

    public static void Seed(int seed)
    {
        _ = Random.Shared.Next(); // so that this thread has one
        var generator = State.GetValue(null) ?? throw Unknown();
        var random = new Random(seed);
        foreach (var field in generator.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
        {
            field.SetValue(generator, (ulong)random.NextInt64(1, long.MaxValue));
        }
    }

    private static FieldInfo FindState() =>
        Random.Shared.GetType().GetField("t_random", BindingFlags.Static | BindingFlags.NonPublic) ?? throw Unknown();

    private static InvalidOperationException Unknown() => new("This runtime keeps the state of Random.Shared elsewhere: a seed would not give the same history twice.");
}
