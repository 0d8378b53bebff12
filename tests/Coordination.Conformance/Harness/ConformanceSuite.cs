using System.Runtime.CompilerServices;

namespace Coordination.Conformance;

/// <summary>What all suites have: the server under test, its time, names of their own, and a clean-up of what a case opened.</summary>
public abstract class ConformanceSuite(BackendFixture fixture) : IAsyncLifetime
{
    private static int _names;
    private readonly Stack<IAsyncDisposable> _opened = new();
    private BackendServer? _server;

    protected BackendFixture Fixture => fixture;

    /// <summary>The server of this case: the class's, or its own after <see cref="UseOwnServerAsync"/>.</summary>
    protected BackendServer Server => _server ?? throw new InvalidOperationException("The case has not begun.");

    protected TestTime Time => Server.Time;

    /// <summary>A session's duration.</summary>
    protected TimeSpan Duration => Server.Duration;

    /// <summary>The latest after which a dead session's claims are gone and the next waiter knows: one duration, and what the server and the machine add.</summary>
    protected TimeSpan Takeover => Duration + Server.Granularity + Server.Latency;

    /// <summary>What "soon" means where nothing has to expire: room for a loaded machine, and less than a duration on a fake clock.</summary>
    protected TimeSpan Soon => Time.IsFake ? Duration / 4 : TimeSpan.FromSeconds(10);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        _server = await fixture.Shared;
        if (fixture.OneServerPerCase)
        {
            await UseOwnServerAsync();
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        var errors = new List<Exception>();
        while (_opened.TryPop(out var opened))
        {
            try
            {
                // A clean-up that hangs is a bug of what is cleaned up: say so instead of hanging with it.
                await DisposeWithinAsync(opened);
            }
            catch (Exception exception)
            {
                errors.Add(exception);
            }
        }

        GC.SuppressFinalize(this);
        if (errors.Count > 0)
        {
            throw new AggregateException("Clean-up failed.", errors);
        }
    }

    /// <summary>For cases that break the server: one that nobody else uses.</summary>
    protected async Task UseOwnServerAsync()
    {
        var server = await fixture.StartServerAsync();
        _opened.Push(server);
        _server = server;
    }

    /// <summary>A name that no other case uses.</summary>
    protected string NewName([CallerMemberName] string caseName = "") =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{GetType().Name}-{caseName}-{Interlocked.Increment(ref _names)}-{Environment.ProcessId}");

    protected T CleanUp<T>(T opened)
        where T : IAsyncDisposable
    {
        _opened.Push(opened);
        return opened;
    }

    private async Task DisposeWithinAsync(IAsyncDisposable opened)
    {
        var disposal = opened.DisposeAsync().AsTask();
        if (_opened.Count == 0 && opened is BackendServer)
        {
            // The server is the last to go; its clock may be gone with it.
            await disposal.WaitAsync(TimeSpan.FromSeconds(30));
            return;
        }

        await Time.WithinAsync(disposal, TimeSpan.FromSeconds(30), $"disposal of {opened.GetType().Name}");
    }
}
