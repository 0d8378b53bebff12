// To be written: here so that the solution builds.
Console.WriteLine("Not written yet.");
