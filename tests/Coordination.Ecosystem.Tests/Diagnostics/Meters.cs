namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>Classes of which one collects all that meters of the library's name measure in this process, and the others have backends with instruments of their own.</summary>
internal static class Meters
{
    public const string OneByOne = "meters";
}
