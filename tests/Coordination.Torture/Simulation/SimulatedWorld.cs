using Coordination.Conformance;
using Coordination.InMemory;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>One clock, one server, one register store, one source of chance, and what is seen of it all.</summary>
internal sealed class SimulatedWorld : IRecorder, IRegister
{
    private readonly Stepper _stepper;
    private readonly Dictionary<string, long> _registers = new(StringComparer.Ordinal);
    private readonly List<Event> _events = [];

    public SimulatedWorld(int seed)
    {
        Random = new Random(seed);
        _stepper = new Stepper(Clock);
        Server = new InMemoryServer(Clock);
        Observer = Server.CreateBackend();
    }

    public ManualClock Clock { get; } = new();

    public Random Random { get; }

    public InMemoryServer Server { get; }

    /// <summary>A connection that nothing befalls.</summary>
    public InMemoryBackend Observer { get; }

    public IReadOnlyList<Event> Events => _events;

    public TimeSpan Now => _stepper.Now;

    public void Record(Event happened) => _events.Add(happened);

    public Task RunUntilAsync(TimeSpan moment) => _stepper.RunAsync(moment);

    public void After(TimeSpan delay, Action act) => Clock.CreateTimer(static act => ((Action)act!)(), act, delay, Timeout.InfiniteTimeSpan);

    public Task DelayAsync(TimeSpan delay) => Task.Delay(delay, Clock);

    public ValueTask WriteAsync(string resource, long token, string hold)
    {
        var highest = _registers.GetValueOrDefault(resource);
        var isAccepted = token >= highest;
        _registers[resource] = Math.Max(highest, token);
        Record(new RegisterWritten(Now, resource, hold, token, highest, isAccepted));
        return ValueTask.CompletedTask;
    }
}
