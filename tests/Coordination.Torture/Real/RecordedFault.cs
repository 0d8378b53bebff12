namespace Coordination.Torture.Real;

/// <summary>A fault that is under way, and is told of when it is over.</summary>
/// <param name="now">The clock of the history.</param>
/// <param name="record">Tells: from when, until when, and since when it may have ended anybody's leases.</param>
internal sealed class RecordedFault(Func<TimeSpan> now, Action<TimeSpan, TimeSpan, TimeSpan?> record) : IDisposable
{
    private readonly TimeSpan _from = now();
    private TimeSpan? _voidsFrom;

    /// <summary>From now on, until it is over, it may end anybody's leases.</summary>
    public void VoidsAllFromNow() => _voidsFrom = now();

    public void Dispose() => record(_from, now(), _voidsFrom);
}
