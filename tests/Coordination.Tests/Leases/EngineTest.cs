using Coordination.Backends;
using Coordination.Conformance;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>The engine over a bent backend, and another coordinator over a straight one, on a fake clock.</summary>
public abstract class EngineTest : IAsyncLifetime
{
    protected static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    // 30 s less 1 % and 2 ms of drift, less the margin of 3 s.
    protected static readonly TimeSpan Life = TimeSpan.FromMilliseconds(30_000 - 300 - 2 - 3_000);

    private protected EngineTest()
    {
        Server = new InMemoryServer(Time.Provider);
        Connection = Server.CreateBackend();
        Backend = new ShapedBackend(Connection);
        Other = new Coordinator(Server.CreateBackend(), timeProvider: Time.Provider);
    }

    private protected FakeTime Time { get; } = new();

    private protected InMemoryServer Server { get; }

    private protected InMemoryBackend Connection { get; }

    private protected ShapedBackend Backend { get; set; }

    private protected Coordinator Other { get; }

    private protected Coordinator Coordinator => field ??= new Coordinator(Backend, Options, Time.Provider);

    private protected CoordinatorOptions Options { get; } = new();

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Coordinator.DisposeAsync();
        await Other.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected void UseEvidenceOfPreviousRequest() =>
        Backend = new ShapedBackend(Connection) { Description = Connection.Description with { Evidence = RenewalEvidence.PreviousRequest } };

    private protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private protected static CoordinationException Fault(bool isTransient) => new("made by the test", isTransient);

    /// <summary>Lets time pass until the task ends, no longer than the limit. On a loaded machine what has ended may need a moment to be seen.</summary>
    private protected async Task EndsWithinAsync(Task task, TimeSpan limit)
    {
        for (var passed = TimeSpan.Zero; !task.IsCompleted && passed < limit; passed += Seconds(0.1))
        {
            await Time.PassAsync(Seconds(0.1));
        }

        await Task.WhenAny(task).WaitAsync(TimeSpan.FromSeconds(10), Ct);
    }
}
