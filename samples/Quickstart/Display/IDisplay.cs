namespace Quickstart;

/// <summary>Shows the board until told to stop.</summary>
internal interface IDisplay
{
    Task RunAsync(CancellationToken stop);
}
