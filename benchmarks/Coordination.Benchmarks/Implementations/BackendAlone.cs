using System.Runtime.CompilerServices;
using Coordination.Backends;
using Coordination.Leases;

namespace Coordination.Benchmarks.Implementations;

/// <summary>A backend without the engine, asked as the engine asks it: tells the two apart.</summary>
/// <param name="backend">Which; it is disposed of with this.</param>
/// <param name="duration">How long its session lives. Nobody renews it here, so it must outlast the run, or be kept alive by the requests themselves.</param>
internal sealed class BackendAlone(ICoordinationBackend backend, TimeSpan duration) : IPair, ISessionListener
{
    // The engine always has one that could be cancelled.
    private readonly CancellationTokenSource _limit = new();
    private IBackendSession? _session;

    public string Name => $"Coordination's {backend.Description.Name} backend, no engine";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        _session ??= await backend.OpenSessionAsync(new SessionRequest(duration), this, _limit.Token);
        var key = new ClaimKey("benchmark/backend-alone", ClaimId.New());
        var result = await _session.ClaimAsync(new ClaimRequest(key, ClaimMode.Exclusive, 1, "host/4242"), _limit.Token);
        if (result.Outcome != ClaimOutcome.Granted || !await _session.ReleaseAsync(key, _limit.Token))
        {
            throw new InvalidOperationException("Somebody else uses the benchmark's resource.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_session?.DisposeAsync() ?? default);
        await backend.DisposeAsync();
        _limit.Dispose();
    }

    void ISessionListener.OnGranted(string claimId, FencingToken token)
    {
    }

    void ISessionListener.OnChanged(string? claimId)
    {
    }

    void ISessionListener.OnClaimLost(string claimId)
    {
    }

    void ISessionListener.OnSessionLost()
    {
    }

    void ISessionListener.OnMaintenanceDue()
    {
    }
}
