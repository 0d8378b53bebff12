using System.Collections.Concurrent;
using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>Keeps the hints that a session raised.</summary>
public sealed class RecordingListener : ISessionListener
{
    private int _sessionLost;
    private int _changed;

    /// <summary>The grants told, by claim. The last one counts.</summary>
    public ConcurrentDictionary<string, FencingToken> Granted { get; } = new();

    public ConcurrentDictionary<string, bool> Lost { get; } = new();

    public bool IsSessionLost => Volatile.Read(ref _sessionLost) != 0;

    /// <summary>How often "ask again" was told, for one claim or for all.</summary>
    public int Changed => Volatile.Read(ref _changed);

    public void OnGranted(string claimId, FencingToken token) => Granted[claimId] = token;

    public void OnChanged(string? claimId) => Interlocked.Increment(ref _changed);

    public void OnClaimLost(string claimId) => Lost[claimId] = true;

    public void OnSessionLost() => Interlocked.Increment(ref _sessionLost);

    public void OnMaintenanceDue()
    {
    }
}
