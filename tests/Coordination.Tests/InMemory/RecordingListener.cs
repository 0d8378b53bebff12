using Coordination.Backends;

namespace Coordination.Tests.InMemory;

/// <summary>Writes down the hints of a session, in order.</summary>
internal sealed class RecordingListener : ISessionListener
{
    private readonly List<string> _hints = [];

    /// <summary>Called with each hint, after it was written down.</summary>
    public Action<string>? OnHint { get; set; }

    public List<FencingToken> Tokens { get; } = [];

    public IReadOnlyList<string> Hints
    {
        get
        {
            lock (_hints)
            {
                return [.. _hints];
            }
        }
    }

    public void OnGranted(string claimId, FencingToken token)
    {
        Tokens.Add(token);
        Add($"granted {claimId}");
    }

    public void OnChanged(string? claimId) => Add(claimId is null ? "changed" : $"changed {claimId}");

    public void OnClaimLost(string claimId) => Add($"lost {claimId}");

    public void OnSessionLost() => Add("session lost");

    public void OnMaintenanceDue() => Add("maintenance");

    private void Add(string hint)
    {
        lock (_hints)
        {
            _hints.Add(hint);
        }

        OnHint?.Invoke(hint);
    }
}
