namespace Coordination.Torture.Recording;

/// <summary>Where a client tells what it does.</summary>
internal interface IRecorder
{
    /// <summary>The moment by the clock that all share; never by a client's own, which is made wrong on purpose.</summary>
    TimeSpan Now { get; }

    void Record(Event happened);
}
